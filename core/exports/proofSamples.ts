/** Samples for a proof: rows of the training data, with the trainer's log-probabilities under and without the adapter. */
import type { NativeTrainer } from "../alignment/nativeTrainer.ts";
import type { Tokenizer, TokenizeSettings } from "../alignment/tokenizeRows.ts";
import { FolkmootError } from "../contract/errors.ts";
import { randomStream } from "../random.ts";
import { type ProofRow, type ProofSample, type ProofTokens, proofTokens } from "./proof.ts";

/** Some thousand tokens on usual rows: enough for a mean, few enough for a CPU. */
const defaultCount = 24;
const rowsPerForward = 4;

export interface SampleRequest {
  /** Opened on the base model, with the adapter loaded. */
  readonly trainer: NativeTrainer;
  readonly tokenizer: Tokenizer;
  readonly rows: readonly ProofRow[];
  /** As in training, but no longer than the context of the proof. */
  readonly settings: TokenizeSettings;
  readonly seed: number;
  /** Default 24. */
  readonly count?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes rows by seed, cut as training cuts them, the first response of each. Fewer than `count` where the data have no
 * more.
 * @throws proof-failed when no row has a text
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
    for (const [i, sample] of part.entries())
      samples.push({ ...sample, logps: on[i]?.[0] ?? [], baseLogps: off[i]?.[0] ?? [] });
  }
  return samples;
}

type ChosenSample = ProofTokens & { readonly row: ProofRow };

function chooseSamples({ tokenizer, rows, settings, seed, count = defaultCount }: SampleRequest): ChosenSample[] {
  const chosen: ChosenSample[] = [];
  for (const row of randomStream(seed, "proof").shuffle(rows)) {
    if (chosen.length === count) break;
    const tokens = proofTokens(row, tokenizer, settings);
    if (tokens !== null) chosen.push({ row, ...tokens });
  }
  if (chosen.length > 0) return chosen;
  throw new FolkmootError("proof-failed", {
    message: "There is nothing to prove the export with.",
    reason: "No row of the run's data has a response with text.",
    action: "Put the data file back that the run was trained on, and export again.",
    details: { rows: rows.length, ...settings },
  });
}
