/** Durations and moments as people read them. */
import { formatCount, unknown } from "./numbers.ts";

/** `41 s`, `3 min 20 s`, `2 h 5 min`, `1 d 4 h`: two units at most, the smaller one dropped when it is 0. */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return unknown;
  if (seconds < 1) return seconds <= 0 ? "0 s" : "under 1 s";
  const total = Math.round(seconds);
  if (total < 60) return `${total} s`;
  if (total < 3600) return pair(Math.floor(total / 60), "min", total % 60, "s");
  if (total < 86_400) return pair(Math.floor(total / 3600), "h", Math.floor((total % 3600) / 60), "min");
  return pair(Math.floor(total / 86_400), "d", Math.floor((total % 86_400) / 3600), "h");
}

function pair(first: number, firstUnit: string, second: number, secondUnit: string): string {
  return second === 0 ? `${first} ${firstUnit}` : `${first} ${firstUnit} ${second} ${secondUnit}`;
}

/**
 * Time left as it should be told: coarse, so that the line does not flicker. Under a minute in steps of 5 s, under an
 * hour in minutes, then as `formatDuration`.
 */
export function formatTimeLeft(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return unknown;
  if (seconds < 5) return "a few seconds";
  if (seconds < 60) return `${Math.ceil(seconds / 5) * 5} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  return formatDuration(Math.ceil(seconds / 60) * 60);
}

/** Units per second or, below one, per minute: `12.4 steps/s`, `41,676 tokens/s`, `3.0 interactions/min`. */
export function formatRate(rate: number | null | undefined, unit: string): string {
  if (rate === null || rate === undefined || !Number.isFinite(rate) || rate <= 0) return unknown;
  if (rate >= 1) return `${rate >= 100 ? formatCount(rate) : rate.toFixed(1)} ${unit}/s`;
  const perMinute = rate * 60;
  return `${perMinute >= 10 ? perMinute.toFixed(0) : perMinute.toFixed(1)} ${unit}/min`;
}

/** `just now`, `5 min ago`, `3 h ago`, else the date; `now` and `moment` in milliseconds. */
export function formatAgo(moment: number, now: number): string {
  const seconds = (now - moment) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  const date = new Date(moment);
  return date.toLocaleDateString("en", {
    day: "numeric",
    month: "short",
    ...(date.getFullYear() === new Date(now).getFullYear() ? {} : { year: "numeric" }),
  });
}

/** `24 Nov 2026, 14:03`. */
export function formatMoment(moment: number): string {
  return new Date(moment).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}
