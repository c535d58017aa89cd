/** The earliest point of least loss; null where no point is better than step 0, the base. */
export function bestStep(evaluations: readonly { readonly step: number; readonly loss: number }[]): number | null {
  let best: { readonly step: number; readonly loss: number } | null = null;
  for (const point of evaluations) if (best === null || point.loss < best.loss) best = point;
  return best === null || best.step === 0 ? null : best.step;
}
