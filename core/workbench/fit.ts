/** Does it fit this machine? Pure. */

export interface Fit {
  readonly needed: number;
  readonly free: number;
  readonly verdict: "fits" | "tight" | "does-not-fit";
}

/** More than this share of what is free leaves too little for everything else. */
const comfortable = 0.8;

/** Bytes needed against bytes free now. */
export function fitOf(needed: number, free: number): Fit {
  const verdict = needed > free ? "does-not-fit" : needed > free * comfortable ? "tight" : "fits";
  return { needed, free, verdict };
}
