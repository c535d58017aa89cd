/**
 * The one generator of the whole workbench.
 *
 * The stream of a call is derived from its name, e.g. `(run seed, round, agent, role, peer, attempt)`, so nothing
 * depends on the order in which work finishes (definitions, "Randomness").
 */

export type StreamLabel = string | number;

export interface RandomStream {
  /** Uniform in [0, 1) with 53 random bits. */
  uniform(): number;
  /** Uniform integer in [0, bound); `bound` ≥ 1. */
  integer(bound: number): number;
  /** Unsigned 32-bit integer, fit as the seed of a sampler. */
  seed(): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[];
  /** `count` items without replacement, in random order; all of them when `count` ≥ length. */
  sample<T>(items: readonly T[], count: number): T[];
}

/** A stream for a name. Equal names give equal streams; labels `"1"` and `1` are the same label. */
export function randomStream(seed: number, ...labels: readonly StreamLabel[]): RandomStream {
  const next = sfc32(hash128([seed, ...labels].map((label) => String(label)).join("\u001f")));
  const uniform = () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
  const integer = (bound: number) => Math.floor(uniform() * bound);
  const shuffle = <T>(items: readonly T[]): T[] => {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = integer(i + 1);
      [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
    }
    return copy;
  };
  return {
    uniform,
    integer,
    seed: () => next(),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    shuffle,
    sample: (items, count) => shuffle(items).slice(0, count),
  };
}

/** Small fast counter generator, 128 bits of state (PractRand, C. Doty-Humphrey). */
function sfc32(state: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = state;
  const next = () => {
    const t = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return t >>> 0;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** cyrb128: a 128-bit string hash; good enough to tell stream names apart, not for security. */
function hash128(text: string): [number, number, number, number] {
  let h1 = 1779033703;
  let h2 = 3144134277;
  let h3 = 1013904242;
  let h4 = 2773480762;
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i);
    h1 = h2 ^ Math.imul(h1 ^ k, 597399067);
    h2 = h3 ^ Math.imul(h2 ^ k, 2869860233);
    h3 = h4 ^ Math.imul(h3 ^ k, 951274213);
    h4 = h1 ^ Math.imul(h4 ^ k, 2716044179);
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067);
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233);
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213);
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179);
  h1 ^= h2 ^ h3 ^ h4;
  return [h1 >>> 0, (h2 ^ h1) >>> 0, (h3 ^ h1) >>> 0, (h4 ^ h1) >>> 0];
}
