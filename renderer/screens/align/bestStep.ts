/** The earliest point of least loss after the first step. */
export function bestStep(evaluations: readonly { readonly step: number; readonly loss: number }[]): number | null {
  let best: { readonly step: number; readonly loss: number } | null = null;
  for (const point of evaluations) if (point.step > 0 && (best === null || point.loss < best.loss)) best = point;
  return best?.step ?? null;
}
