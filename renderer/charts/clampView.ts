/** What part of a curve may be visible. */

export interface XRange {
  readonly from: number;
  readonly to: number;
}

/** Never fewer than so many x units between the edges. */
const narrowest = 4;

/** The range within the domain: not narrower than a few units, not beyond the ends. */
export function clampView(range: XRange, domain: XRange): XRange {
  const whole = domain.to - domain.from;
  const span = Math.min(whole, Math.max(Math.min(narrowest, whole), range.to - range.from));
  const from = Math.min(domain.to - span, Math.max(domain.from, range.from));
  return { from, to: from + span };
}
