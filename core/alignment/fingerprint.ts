/** What a run's numbers depend on: a checkpoint may be resumed only where all of it is the same. */
import type { AlignConfig } from "../contract/alignment.ts";
import { sha256 } from "../workspace/hash.ts";

export interface FingerprintParts {
  /** SHA-256 of the GGUF. */
  readonly model: string;
  /** SHA-256 of the data file. */
  readonly data: string;
  readonly tokenBudget: number;
}

/** Paths, threads and how often something is saved or measured change no number and are left out. */
export function fingerprintOf(config: AlignConfig, parts: FingerprintParts): string {
  const { seed, loss, lora, optimizer, schedule, epochs, maxSteps, accumulation, maxLength, appendEos, maxRejected } =
    config;
  const { evaluationShare } = config;
  return sha256(
    JSON.stringify([
      parts,
      { seed, loss, lora, optimizer, schedule, epochs, maxSteps, accumulation },
      { maxLength, appendEos, maxRejected, evaluationShare },
    ]),
  );
}
