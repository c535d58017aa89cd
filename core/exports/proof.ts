/**
 * The proof of an export: the file that was written is opened again by the runtime that people will use, and must give
 * the trainer's own log-probabilities. Nothing is called done without it.
 */
import { FolkmootError } from "../contract/errors.ts";
import type { ResponseLogps } from "../models/languageModel.ts";

/** A response with what the trainer says of it. */
export interface ProofSample {
  /** Rendered prompt text, without BOS. */
  readonly query: string;
  readonly response: string;
  readonly tokens: readonly number[];
  /** Natural-log probability of every token, adapter on. */
  readonly logps: readonly number[];
  /** The same with the adapter off. */
  readonly baseLogps: readonly number[];
}

/** What the proof needs of a `LanguageModel` opened on the export. */
export interface ResponseScorer {
  responseLogps(query: string, response: string, options: { appendEos: boolean }): Promise<ResponseLogps>;
}

/** Nats per token. `max` null: not bounded, only reported. */
export interface Tolerance {
  readonly mean: number;
  readonly max: number | null;
}

export type Proof = {
  samples: number;
  tokens: number;
  /** Of |trainer − export| over all tokens, nats. */
  maxDifference: number;
  meanDifference: number;
  /**
   * Mean of trainer − export, nats per token: what the export loses on these texts. For texts that the aligned model
   * wrote itself it estimates KL(aligned ‖ export).
   */
  meanLoss: number;
  /** Mean of |adapter on − adapter off|, nats per token: what the training changed. */
  effect: number;
  /** Whether the export is nearer to the aligned model than to the base: mean difference at most half the effect. */
  conclusive: boolean;
  tolerance: Tolerance;
};

/**
 * @param appendEos as in training, so that the end of an answer is proven too
 * @throws proof-failed when the export splits text into other tokens, or differs by more than the tolerance
 */
export async function proveExport(
  path: string,
  samples: readonly ProofSample[],
  scorer: ResponseScorer,
  { tolerance, appendEos, signal }: { tolerance: Tolerance; appendEos: boolean; signal?: AbortSignal | undefined },
): Promise<Proof> {
  const differences: number[] = [];
  const effects: number[] = [];
  for (const [index, sample] of samples.entries()) {
    signal?.throwIfAborted();
    const found = await scorer.responseLogps(sample.query, sample.response, { appendEos });
    checkTokens(path, index, sample, found);
    for (const [t, logp] of sample.logps.entries()) {
      differences.push(logp - (found.logps[t] as number));
      effects.push(Math.abs(logp - (sample.baseLogps[t] as number)));
    }
  }
  const absolute = differences.map(Math.abs);
  const [meanDifference, effect] = [mean(absolute), mean(effects)];
  const proof: Proof = {
    samples: samples.length,
    tokens: differences.length,
    maxDifference: absolute.reduce((largest, value) => (value > largest || Number.isNaN(value) ? value : largest), 0),
    meanDifference,
    meanLoss: mean(differences),
    effect,
    conclusive: meanDifference <= effect / 2,
    tolerance,
  };
  refuseOutside(path, proof);
  return proof;
}

function refuseOutside(path: string, proof: Proof): void {
  const { tolerance, meanDifference, maxDifference } = proof;
  // Written so that NaN is outside.
  const inside = meanDifference <= tolerance.mean && (tolerance.max === null || maxDifference <= tolerance.max);
  if (inside && proof.tokens > 0) return;
  throw new FolkmootError("proof-failed", {
    message:
      proof.tokens === 0
        ? `There was nothing to prove ${path} with.`
        : `${path} does not speak as the trainer does: log-probabilities differ by ${meanDifference.toPrecision(3)} nats per token on average and ${maxDifference.toPrecision(3)} at most.`,
    reason:
      proof.tokens === 0
        ? "No row of the training data fits the context of the model."
        : "The file type is too coarse for this model, or the export is faulty.",
    action: "Export a finer file type (F16, Q8_0). If it fails there too, copy the diagnostics and report it.",
    details: { path, ...proof },
  });
}

function checkTokens(path: string, index: number, sample: ProofSample, found: ResponseLogps): void {
  const same =
    found.tokens.length === sample.tokens.length && found.tokens.every((token, i) => token === sample.tokens[i]);
  if (same && found.logps.length === found.tokens.length) return;
  throw new FolkmootError("proof-failed", {
    message: `${path} splits the text of sample ${index + 1} into other tokens than the trainer.`,
    reason: "The vocabulary or tokenizer settings of the export differ from the base model's.",
    action: "Report it with the diagnostics; the training run itself is unharmed.",
    details: { path, sample: index + 1, expected: sample.tokens.slice(0, 32), found: found.tokens.slice(0, 32) },
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
