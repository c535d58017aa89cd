/**
 * The proof of an export: the file that was written is opened again by the runtime that people will use, and must give
 * the trainer's own log-probabilities. Nothing is called done without it.
 */
import { newTokenizeCounts, type Tokenizer, type TokenizeSettings, tokenizeRow } from "../alignment/tokenizeRows.ts";
import type { AlignmentRow } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";

/** The texts of a row of the training data. */
export type ProofRow = Pick<AlignmentRow, "query" | "responses" | "scores">;

/** Tokens of a row's query and of its first response with text, cut as training cuts them. */
export interface ProofTokens {
  /** With BOS, if the model has one. */
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
}

/** A response with what the trainer says of it. */
export interface ProofSample extends ProofTokens {
  readonly row: ProofRow;
  /** Natural-log probability of every token, adapter on. */
  readonly logps: readonly number[];
  /** The same with the adapter off. */
  readonly baseLogps: readonly number[];
}

/** The export, opened by the runtime: it reads texts by itself, and says what it thinks of given tokens. */
export interface ResponseScorer extends Tokenizer {
  /** Natural-log probability of every response token; `prompt` with BOS, if there is one. */
  tokenLogps(prompt: readonly number[], response: readonly number[]): Promise<readonly number[]>;
}

/** Of the adapter's effect: beyond it the export is nearer to the base, and no export of the training. */
const mostOfEffect = 0.5;
/** Nats: rounding in the runtime alone. */
const leastAllowed = 0.025;

/**
 * The root mean square of trainer − export may be `floor` + `share` · that of the adapter's effect, nats per token, and no
 * more than half of the effect.
 */
export interface Tolerance {
  readonly floor: number;
  readonly share: number;
}

export function allowedDifference({ floor, share }: Tolerance, rmsEffect: number): number {
  return Math.min(floor + share * rmsEffect, Math.max(leastAllowed, mostOfEffect * rmsEffect));
}

/** With what is told where an export is outside. */
export type ProofLimit = Tolerance & { readonly reason: string; readonly action: string };

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
  /** Root mean squares of the same two, nats per token: few tokens that are far off weigh as much as they should. */
  rmsDifference: number;
  rmsEffect: number;
  /** Whether the export is nearer to the aligned model than to the base: mean difference at most half the effect. */
  conclusive: boolean;
  tolerance: Tolerance & {
    /** Largest root mean square of the difference, nats per token. */
    allowed: number;
  };
};

/** Null for a row without query or response. */
export function proofTokens(row: ProofRow, tokenizer: Tokenizer, settings: TokenizeSettings): ProofTokens | null {
  const cut = tokenizeRow(row, tokenizer, settings, newTokenizeCounts());
  const [response] = cut?.responses ?? [];
  if (cut === null || response === undefined) return null;
  return { prompt: Array.from(cut.query), tokens: Array.from(response) };
}

/**
 * @param rows how the samples were cut: long ones, and ends of answers, are proven as they were trained
 * @throws proof-failed when the export splits text into other tokens, or differs by more than the limit
 */
export async function proveExport(
  path: string,
  samples: readonly ProofSample[],
  scorer: ResponseScorer,
  { limit, rows, signal }: { limit: ProofLimit; rows: TokenizeSettings; signal?: AbortSignal | undefined },
): Promise<Proof> {
  const differences: number[] = [];
  const effects: number[] = [];
  for (const [index, sample] of samples.entries()) {
    signal?.throwIfAborted();
    checkTokens(path, index, sample, proofTokens(sample.row, scorer, rows));
    const found = await scorer.tokenLogps(sample.prompt, sample.tokens);
    for (const [t, logp] of sample.logps.entries()) {
      differences.push(logp - (found[t] ?? Number.NaN));
      effects.push(Math.abs(logp - (sample.baseLogps[t] as number)));
    }
  }
  const absolute = differences.map(Math.abs);
  const [meanDifference, effect] = [mean(absolute), mean(effects)];
  const rmsEffect = rootMeanSquare(effects);
  const { floor, share } = limit;
  const proof: Proof = {
    samples: samples.length,
    tokens: differences.length,
    maxDifference: absolute.reduce((largest, value) => (value > largest || Number.isNaN(value) ? value : largest), 0),
    meanDifference,
    meanLoss: mean(differences),
    effect,
    rmsDifference: rootMeanSquare(differences),
    rmsEffect,
    conclusive: meanDifference <= effect / 2,
    tolerance: { floor, share, allowed: allowedDifference(limit, rmsEffect) },
  };
  refuseOutside(path, proof, limit);
  return proof;
}

function refuseOutside(path: string, proof: Proof, { reason, action }: ProofLimit): void {
  const { tolerance, rmsDifference, rmsEffect, maxDifference } = proof;
  // Written so that NaN is outside.
  if (rmsDifference <= tolerance.allowed) return;
  const [found, largest, changed, allowed] = [rmsDifference, maxDifference, rmsEffect, tolerance.allowed].map((nats) =>
    nats.toPrecision(3),
  );
  throw new FolkmootError("proof-failed", {
    message: `${path} does not speak as the trainer does: log-probabilities differ by ${found} nats per token (root mean square; ${largest} at most) where the training changed ${changed} and ${allowed} is allowed.`,
    reason,
    action,
    details: { path, ...proof },
  });
}

function checkTokens(path: string, index: number, expected: ProofTokens, found: ProofTokens | null): void {
  const [trained, read] = [expected, found].map((cut) => [...(cut?.prompt ?? []), ...(cut?.tokens ?? [])]);
  if (found?.tokens.length === expected.tokens.length && trained?.join() === read?.join()) return;
  throw new FolkmootError("proof-failed", {
    message: `${path} splits the text of sample ${index + 1} into other tokens than the trainer.`,
    reason: "The vocabulary or tokenizer settings of the export differ from the base model's.",
    action: "Report it with the diagnostics; the training run itself is unharmed.",
    details: { path, sample: index + 1, expected: trained?.slice(0, 32), found: read?.slice(0, 32) },
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(mean(values.map((value) => value * value)));
}
