/** Samples for a proof: rows of the training data, with the trainer's log-probabilities under and without the adapter. */
import type { NativeTrainer } from "../alignment/nativeTrainer.ts";
import { newTokenizeCounts, type Tokenizer, tokenizeRow } from "../alignment/tokenizeRows.ts";
import type { AlignConfig, AlignmentRow } from "../contract/alignment.ts";
import { randomStream } from "../random.ts";
import type { ProofSample } from "./proof.ts";

/** Some thousand tokens on usual rows: enough for a mean, few enough for a CPU. */
const defaultCount = 24;
const rowsPerForward = 4;

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
  const { trainer, signal } = request;
  const chosen = chooseSamples(request);
  const samples: ProofSample[] = [];
  for (let first = 0; first < chosen.length; first += rowsPerForward) {
    signal?.throwIfAborted();
    const part = chosen.slice(first, first + rowsPerForward);
    const rows = part.map(({ prompt, tokens }) => ({ query: prompt, responses: [tokens] }));
    const on = await trainer.forward(rows, { adapter: true, keep: false });
    const off = await trainer.forward(rows, { adapter: false, keep: false });
    for (const [i, { query, response, tokens }] of part.entries())
      samples.push({ query, response, tokens, logps: on[i]?.[0] ?? [], baseLogps: off[i]?.[0] ?? [] });
  }
  return samples;
}

interface ChosenSample extends Pick<ProofSample, "query" | "response"> {
  readonly prompt: number[];
  readonly tokens: number[];
}

function chooseSamples({ trainer, tokenizer, rows, config, count = defaultCount }: SampleRequest): ChosenSample[] {
  const maxLength = Math.min(config.maxLength, trainer.info.contextLength);
  const chosen: ChosenSample[] = [];
  for (const { query, responses, scores } of randomStream(config.seed, "proof").shuffle(rows)) {
    if (chosen.length === count) break;
    const counts = newTokenizeCounts();
    const row = { query, responses: responses.slice(0, 1), scores: scores.slice(0, 1) };
    const tokens = tokenizeRow(row, tokenizer, { maxLength, appendEos: config.appendEos }, counts);
    const [response] = responses;
    const [answer] = tokens?.responses ?? [];
    if (tokens === null || response === undefined || answer === undefined) continue;
    if (counts.queriesCut + counts.responsesCut > 0) continue;
    chosen.push({ query, response, prompt: Array.from(tokens.query), tokens: Array.from(answer) });
  }
  return chosen;
}
