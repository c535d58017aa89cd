/** Functions of log-probabilities that neither overflow nor lose their small digits. */

/** log(1 + eˣ). */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** log σ(x), finite for every finite x. */
export function logSigmoid(x: number): number {
  return -softplus(-x);
}

/** 1 / (1 + e⁻ˣ), exact at both ends. */
export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** log(1 − eˣ) for x < 0 (Mächler 2012: the two forms lose digits on opposite sides of −ln 2). */
export function log1mexp(x: number): number {
  return x > -Math.LN2 ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x));
}
