/** Samples for a proof: rows of the training data, with the trainer's log-probabilities under and without the adapter. */
import type { NativeTrainer } from "../alignment/nativeTrainer.ts";
import { newTokenizeCounts, type Tokenizer, tokenizeRow } from "../alignment/tokenizeRows.ts";
import type { AlignConfig, AlignmentRow } from "../contract/alignment.ts";
import { randomStream } from "../random.ts";
import type { ProofSample } from "./proof.ts";

/** Some thousand tokens on usual rows: enough for a mean, few enough for a CPU. */
const defaultCount = 24;

export interface SampleRequest {
  /** Opened on the base model, with the adapter loaded. */
  readonly trainer: NativeTrainer;
  readonly tokenizer: Tokenizer;
  readonly rows: readonly AlignmentRow[];
  readonly config: Pick<AlignConfig, "seed" | "maxLength" | "appendEos">;
  /** Default 24. */
  readonly count?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes rows by seed, the first response of each; rows that training cuts are passed over, for the proof compares
 * whole texts. Fewer than `count` where the data have no more.
 */
export async function collectProofSamples(request: SampleRequest): Promise<ProofSample[]> {
  const { trainer, tokenizer, rows, config, count = defaultCount, signal } = request;
  const maxLength = Math.min(config.maxLength, trainer.info.contextLength);
  const samples: ProofSample[] = [];
  for (const { query, responses, scores } of randomStream(config.seed, "proof").shuffle(rows)) {
    if (samples.length === count) break;
    signal?.throwIfAborted();
    const response = responses.find((text) => text !== "");
    if (response === undefined) continue;
    const counts = newTokenizeCounts();
    const row = { query, responses: [response], scores: scores.slice(0, 1) };
    const tokens = tokenizeRow(row, tokenizer, { maxLength, appendEos: config.appendEos }, counts);
    const [answer] = tokens?.responses ?? [];
    if (tokens === null || answer === undefined || counts.queriesCut + counts.responsesCut > 0) continue;
    const asked = [{ query: Array.from(tokens.query), responses: [Array.from(answer)] }];
    const on = await trainer.forward(asked, { adapter: true, keep: false });
    const off = await trainer.forward(asked, { adapter: false, keep: false });
    const logps = { logps: on[0]?.[0] ?? [], baseLogps: off[0]?.[0] ?? [] };
    samples.push({ query, response, tokens: Array.from(answer), ...logps });
  }
  return samples;
}
