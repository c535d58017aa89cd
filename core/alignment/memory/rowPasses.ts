/**
 * The forward passes that a training of given rows will make: the very questions of its plan, packed as they will be. Pure.
 */
import type { AlignConfig } from "../../contract/alignment.ts";
import type { RowSize, RowSizes } from "../../contract/rowSizes.ts";
import { randomStream } from "../../random.ts";
import { needsReference } from "../losses/index.ts";
import { planSteps, positionsOfStep, RowOrder } from "../plan.ts";
import { candidatesOf, packQuestions } from "../questions.ts";
import { groupsWithin } from "../referenceLogps.ts";
import { type PackingSize, packSize, type QuestionSize, scoreCounts } from "./packing.ts";
import { cutSize } from "./rowSizes.ts";

export interface Pass {
  readonly packing: PackingSize;
  /** Whether backward follows. */
  readonly backward: boolean;
}

type SizedQuestion = QuestionSize & { readonly tokens: number };

/** @param longest most tokens of query and response together */
export function* rowPasses(config: AlignConfig, sizes: RowSizes, longest: number): Generator<Pass, void> {
  const cut = (rows: readonly RowSize[]) => rows.map((row) => cutSize(row, longest));
  const [training, evaluation] = [cut(sizes.training), cut(sizes.evaluation)];
  yield* trainingPasses(config, training);
  const held = evaluation.map((row, index) => ask(config, row, ["evaluation-candidates", index]));
  yield* packed(config, held, false);
  if (needsReference(config.loss))
    for (const row of [...training, ...evaluation]) yield* referencePasses(row, config.batchTokens);
}

function* trainingPasses(config: AlignConfig, rows: readonly RowSize[]): Generator<Pass, void> {
  if (rows.length === 0) return;
  const plan = planSteps(rows.length, config);
  const order = new RowOrder(rows.length, config.seed);
  for (let step = 1; step <= plan.steps; step++) {
    const [first, end] = positionsOfStep(step, plan, config.accumulation);
    const questions = Array.from({ length: end - first }, (_, i) => {
      const { epoch, row } = order.at(first + i);
      return ask(config, rows[row] as RowSize, ["candidates", epoch, row]);
    });
    yield* packed(config, questions, true);
  }
}

/** As `askQuestion`, with the stream of that name. */
function ask({ seed, loss, maxRejected }: AlignConfig, row: RowSize, stream: readonly (string | number)[]) {
  const candidates = candidatesOf(row.scores, loss, maxRejected, randomStream(seed, ...stream));
  const responses = candidates.map((index) => row.responses[index] as number);
  return { query: row.query, responses, tokens: row.query + responses.reduce((sum, length) => sum + length, 0) };
}

function* packed({ batchTokens }: AlignConfig, questions: readonly SizedQuestion[], backward: boolean) {
  for (const batch of packQuestions(questions, batchTokens)) yield { packing: packSize(batch), backward };
}

/** As `referenceLogps` scores a row. */
function* referencePasses({ query, responses }: RowSize, batchTokens: number): Generator<Pass, void> {
  const sized = responses.map((length) => ({ length }));
  for (const group of groupsWithin(sized, batchTokens - query))
    yield { packing: packSize([{ query, responses: group.map(({ length }) => length) }]), backward: false };
}

/** Those that no other is larger than in everything: as a rule a handful of many thousands. */
export class LargestPackings {
  private readonly found: { readonly packing: PackingSize; readonly measures: readonly number[] }[] = [];

  add(packing: PackingSize): void {
    const [all, inSegments] = [scoreCounts(packing), scoreCounts(packing, false)];
    const measures = [packing.rows, packing.segmentRows, all.all, all.largest, inSegments.all, inSegments.largest];
    const covers = (one: readonly number[], other: readonly number[]) =>
      one.every((value, i) => value >= (other[i] as number));
    if (this.found.some((known) => covers(known.measures, measures))) return;
    const rest = this.found.filter((known) => !covers(measures, known.measures));
    this.found.splice(0, this.found.length, ...rest, { packing, measures });
  }

  get all(): PackingSize[] {
    return this.found.map(({ packing }) => packing);
  }
}
