/** Numbers as they are typed into a field, and what the next one is. Pure. */

export interface NumberRange {
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  /** No fractions. */
  readonly whole?: boolean | undefined;
}

/** `decades`: 1, 2, 5, 10 … for what is set by orders of magnitude. */
export type NumberStep = number | "decades";

/** Digits that a JavaScript number holds for sure: what arithmetic adds behind them is no digit of the person's. */
const digits = 12;
/** Where an empty or zero field begins in decades. */
const firstDecade = 1e-5;

/** Thousands as the window itself writes them; what begins with 0 is a fraction. */
const grouped = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/;

/** Reads `0.5`, `.5`, `0,5`, `1,000`, `1e-4`, `1e−4`, `−3`; null for everything else. */
export function parseNumber(typed: string): number | null {
  const signed = typed.trim().replaceAll("−", "-");
  const plain = grouped.test(signed) ? signed.replaceAll(",", "") : signed.replace(/^([+-]?\d*),(\d+)$/, "$1.$2");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

/**
 * As a field shows it: small ones with an exponent (`1e−4`), none with more digits than it has, with the minus sign of
 * all other numbers of the window.
 * @param places digits behind the point at most; default all
 */
export function numberText(value: number | null, places?: number): string {
  if (value === null || !Number.isFinite(value)) return "";
  const exact = Number(places === undefined ? value.toPrecision(digits) : value.toFixed(places));
  const isSmall = exact !== 0 && Math.abs(exact) < 1e-3;
  return (isSmall ? exact.toExponential() : String(exact)).replace("e+", "e").replaceAll("-", "−");
}

/** Why the field does not take a number (NaN: what was typed is none); null when it does. */
export type Refusal =
  | { readonly kind: "number" | "whole" }
  | { readonly kind: "smallest" | "largest"; readonly bound: number };

export function refusalOf(value: number, { minimum, maximum, whole }: NumberRange): Refusal | null {
  if (Number.isNaN(value)) return { kind: "number" };
  if (maximum !== undefined && value > maximum) return { kind: "largest", bound: maximum };
  if (minimum !== undefined && value < minimum) return { kind: "smallest", bound: minimum };
  return whole && !Number.isInteger(value) ? { kind: "whole" } : null;
}

/** The nearest number that the field takes: where the arrows go. */
function within(value: number, { minimum, maximum, whole }: NumberRange): number {
  const rounded = whole ? Math.round(value) : value;
  return Math.max(minimum ?? Number.NEGATIVE_INFINITY, Math.min(maximum ?? Number.POSITIVE_INFINITY, rounded));
}

/** The next number up (1) or down (−1) on the grid of the steps; of an empty field the first. */
export function stepped(value: number | null, direction: 1 | -1, step: NumberStep, range: NumberRange): number {
  if (value === null) return within(range.minimum || (step === "decades" ? firstDecade : step), range);
  const next = step === "decades" ? nextInDecades(value, direction) : nextOnGrid(value, direction, step);
  return within(Number(next.toPrecision(digits)), range);
}

function nextOnGrid(value: number, direction: 1 | -1, step: number): number {
  const places = value / step;
  const nearest = Math.round(places);
  const isOnGrid = Math.abs(places - nearest) < 1e-9;
  if (isOnGrid) return (nearest + direction) * step;
  return (direction === 1 ? Math.ceil(places) : Math.floor(places)) * step;
}

function nextInDecades(value: number, direction: 1 | -1): number {
  if (value <= 0) return direction === 1 ? firstDecade : value;
  const decade = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const candidates = [0.1, 0.2, 0.5, 1, 2, 5, 10].map((mantissa) => mantissa * decade);
  const slack = value * 1e-9;
  return direction === 1
    ? (candidates.find((candidate) => candidate > value + slack) ?? value)
    : (candidates.findLast((candidate) => candidate < value - slack) ?? value);
}
