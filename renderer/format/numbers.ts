/** Numbers as people read them. English for now; the catalogue's language decides once there are more. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** Stands wherever a value is not known; never 0, never empty. */
export const unknown = "–";

/** `12,345`. */
export function formatCount(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? unknown : whole.format(value);
}

/** `12.3K`, for places that are narrow. */
export function formatCompact(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? unknown : compact.format(value);
}

/** Fixed decimals with a real minus sign; `signed` writes + as well. */
export function formatDecimal(value: number | null | undefined, digits = 2, signed = false): string {
  if (value === null || value === undefined || Number.isNaN(value)) return unknown;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const rounded = value.toFixed(digits);
  const zero = Number(rounded) === 0;
  const body = rounded.replace("-", "");
  if (zero) return body;
  return value < 0 ? `−${body}` : signed ? `+${body}` : body;
}

/** Four significant digits, scientific outside 0.001 … 99,999: losses, norms, learning rates. */
export function formatSignificant(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return unknown;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size === 0) return "0";
  const text = size < 1e-3 || size >= 1e5 ? exponentText(size.toExponential(2)) : trimZeros(size.toPrecision(4));
  return value < 0 ? `−${text}` : text;
}

/** `1.00e-4` as `1e−4`: no zeros that say nothing, a real minus sign and no plus. */
function exponentText(text: string): string {
  const [digits = "", exponent = ""] = text.split("e");
  return `${trimZeros(digits)}e${exponent.replace("+", "").replace("-", "−")}`;
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Shares of 1 as `42 %`; one decimal below 10 % so that small shares do not read as 0. */
export function formatShare(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return unknown;
  // Less than all of it never reads as all.
  const percent = value < 1 ? Math.min(value * 100, 99.9) : value * 100;
  if (percent > 99.4 && percent < 100) return `${percent.toFixed(1)} %`;
  return `${percent !== 0 && Math.abs(percent) < 10 ? trimZeros(percent.toFixed(1)) : percent.toFixed(0)} %`;
}

/** Binary units, as memory and files are counted: `1.4 GiB`. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return unknown;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** `7.2B`, `596M`: weights of a model as their makers name them. */
export function formatParameters(count: number | null | undefined): string {
  if (count === null || count === undefined) return unknown;
  if (count >= 1e9) return `${trimZeros((count / 1e9).toFixed(1))}B`;
  if (count >= 1e6) return `${trimZeros((count / 1e6).toFixed(count < 1e7 ? 1 : 0))}M`;
  return formatCompact(count);
}
