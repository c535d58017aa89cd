/** Numbers, times and sizes as a person reads them. Pure. */

/** `48 s`, `3 min 05 s`, `2 h 07 min`. Negative and unknown times become `–`. */
export function formatDuration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds) || seconds < 0) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** Groups of three digits with a thin gap: `12 345`. */
export function formatCount(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** Three significant digits below a thousand: `0.0123`, `4.56`, `128`, `3 400`. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  if (Math.abs(value) >= 1000) return formatCount(value);
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** `3.4 interactions/s`, or per minute when that reads better: `12 questions/min`. */
export function formatRate(perSecond: number, unit: string): string {
  return perSecond > 0 && perSecond < 0.5
    ? `${formatNumber(perSecond * 60)} ${unit}/min`
    : `${formatNumber(perSecond)} ${unit}/s`;
}

/** Binary units: `7.9 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** A share in [0, 1] as `93.3 %`. */
export function formatShare(share: number | null): string {
  return share === null ? "–" : `${(share * 100).toFixed(1)} %`;
}

/** A difference of shares in percentage points: `+41.2 pts`. */
export function formatPoints(difference: number): string {
  return `${difference >= 0 ? "+" : ""}${(difference * 100).toFixed(1)} pts`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
