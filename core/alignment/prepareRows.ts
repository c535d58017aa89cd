/** From a data file to the tokens that are trained and those that the evaluation curve is measured on. */
import { setImmediate } from "node:timers/promises";
import type { AlignConfig } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import { stoppedBeforeFirstStep } from "./cancellation.ts";
import { type DataSet, loadDataSet } from "./dataSet.ts";
import { needsPairs } from "./losses/index.ts";
import { hasPair } from "./losses/loss.ts";
import { splitRows } from "./split.ts";
import {
  newTokenizeCounts,
  type TokenizeCounts,
  type TokenizedRow,
  type Tokenizer,
  tokenizeRow,
} from "./tokenizeRows.ts";

export interface PreparedRows {
  readonly training: readonly TokenizedRow[];
  readonly evaluation: readonly TokenizedRow[];
  readonly counts: TokenizeCounts & Pick<DataSet, "duplicates" | "outsideScale"> & { readonly pairless: number };
}

/** Rows between two looks at the event loop, so that a long file can be cancelled and never freezes a window. */
const rowsPerTurn = 256;

/**
 * Rows without a pair are left out where all of the loss lives on pairs; none may be left.
 * @throws as `loadDataSet`; data-corrupt when no row has anything to train; cancelled
 */
export async function prepareRows(
  config: Pick<AlignConfig, "data" | "loss" | "maxLength" | "appendEos" | "evaluationShare" | "seed">,
  tokenizer: Tokenizer,
  signal: AbortSignal | undefined,
): Promise<PreparedRows> {
  const { rows, duplicates, outsideScale } = await loadDataSet(config.data);
  const counts = newTokenizeCounts();
  const tokenized: TokenizedRow[] = [];
  const queries: string[] = [];
  const pairsOnly = needsPairs(config.loss);
  let pairless = 0;
  for (const [index, row] of rows.entries()) {
    if (index % rowsPerTurn === 0) {
      await setImmediate();
      if (signal?.aborted === true) throw stoppedBeforeFirstStep();
    }
    const tokens = tokenizeRow(row, tokenizer, config, counts);
    if (tokens === null) continue;
    // It would take a place in steps and means, and teach nothing there.
    if (pairsOnly && !hasPair(tokens.scores)) {
      pairless++;
      continue;
    }
    tokenized.push(tokens);
    queries.push(row.query);
  }
  if (tokenized.length + pairless === 0)
    throw new FolkmootError("data-corrupt", {
      message: `${config.data} holds no row that can be trained.`,
      reason: "All of its responses are empty.",
      action: "Choose a file whose rows have at least one response with text.",
      details: { path: config.data, ...counts },
    });
  const split = splitRows(queries, config.evaluationShare, config.seed);
  const pick = (indexes: readonly number[]) => indexes.map((index) => tokenized[index] as TokenizedRow);
  return {
    training: pick(split.training),
    evaluation: pick(split.evaluation),
    counts: { ...counts, duplicates, outsideScale, pairless },
  };
}
