/**
 * The whole experiment: society → data → align → evaluate → exports, with what a person wants to see in between.
 * A demo that was stopped goes on where it was, for every station resumes what lies in its folder.
 */
import { mkdir } from "node:fs/promises";
import type { InteractionRecord } from "../../core/contract/interaction.ts";
import { societyConfig } from "../../core/contract/society.ts";
import { summarizeRounds } from "../../core/society/summarizeRounds.ts";
import { writeJsonAtomic } from "../../core/workspace/atomicFile.ts";
import { viewRun } from "../../core/workspace/runDirectory.ts";
import type { AlignResult } from "../commands/align/summary.ts";
import type { EvaluateResult } from "../commands/evaluate/summary.ts";
import type { ExportResult } from "../commands/export/summary.ts";
import type { CommandContext } from "../context.ts";
import type { DemoPlan } from "./plan.ts";
import { type DemoResults, type StationName, sideResult } from "./results.ts";
import { dialogueText, mostTelling } from "./sampleDialogue.ts";
import * as stations from "./stations.ts";
import { Timings } from "./timings.ts";

interface Outcome {
  readonly records: readonly InteractionRecord[];
  readonly built: stations.RowCounts;
  readonly alignment: AlignResult;
  readonly evaluation: EvaluateResult;
  readonly adapter: ExportResult;
  readonly merged: ExportResult;
}

/** @param directory where everything goes; made when missing */
export async function runDemo(context: CommandContext, plan: DemoPlan, directory: string): Promise<DemoResults> {
  await mkdir(directory, { recursive: true });
  const timings = await Timings.open(plan.paths.timings);
  const outcome = await visitStations(context, plan, timings);
  const results = await collect(plan, timings, outcome, directory);
  await writeJsonAtomic(plan.paths.results, results);
  return results;
}

async function visitStations(context: CommandContext, plan: DemoPlan, timings: Timings): Promise<Outcome> {
  let number = 0;
  const visit = async <Result>(
    name: StationName,
    heading: string,
    work: () => Promise<stations.Made<Result>>,
  ): Promise<Result> => {
    number += 1;
    context.terminal.line(`\n${number}. ${heading}`);
    const start = context.now();
    let tokensPerSecond: number | null = null;
    try {
      const made = await work();
      ({ tokensPerSecond } = made);
      return made.result;
    } finally {
      await timings.add(name, context.now() - start, tokensPerSecond);
    }
  };
  const { grid, rounds } = plan.society;
  const agents = grid.rows * grid.columns;

  const records = await visit(
    "society",
    `Society: ${agents} agents on a ${grid.rows}x${grid.columns} grid answer, rate and revise for ${rounds} rounds`,
    () => stations.runSociety(context, plan),
  );
  const sample = mostTelling(records);
  if (sample !== null) context.terminal.line(`\n${dialogueText(sample, 96)}`);
  const built = await visit("data", "Data: alignment rows from what was said", () => stations.buildRows(plan, records));
  // The trainer wants the memory that the engine holds.
  await context.workbench.release();
  const alignment = await visit("align", "Align: LoRA with the Stable Alignment loss", () =>
    stations.align(context, plan),
  );
  await context.workbench.release();
  const evaluation = await visit("evaluate", "Evaluate: base and aligned on held-out questions, same seeds", () =>
    stations.evaluate(context, plan, alignment.adapter),
  );
  await context.workbench.release();
  const adapter = await visit("exportAdapter", "Export: the adapter, for llama.cpp", () =>
    stations.exportAdapter(context, plan),
  );
  const merged = await visit("exportMerged", `Export: base and adapter in one ${plan.mergedType} file`, () =>
    stations.exportMerged(context, plan),
  );
  return { records, built, alignment, evaluation, adapter, merged };
}

async function collect(plan: DemoPlan, timings: Timings, outcome: Outcome, directory: string): Promise<DemoResults> {
  const { records, built, alignment, evaluation, adapter, merged } = outcome;
  const { environment } = await viewRun(plan.paths.society, societyConfig);
  const { counts } = built;
  const seconds = (name: StationName) => timings.seconds(name);
  return {
    version: 1,
    experiment: plan.name,
    size: plan.size,
    seed: plan.seed,
    questions: evaluation.questions,
    base: sideResult.parse(evaluation.base),
    aligned: sideResult.parse(evaluation.aligned),
    difference: evaluation.difference,
    rounds: summarizeRounds(records).map(({ round, draftAlignment, alignment: aligned, engagement }) => ({
      round,
      draftAlignment,
      alignment: aligned,
      engagement,
    })),
    interactions: records.length,
    rows: {
      total: counts.imitation.kept + counts["self-critic"].kept + counts.realignment.kept,
      imitation: counts.imitation.kept,
      selfCritic: counts["self-critic"].kept,
      realignment: counts.realignment.kept,
    },
    loss: { first: alignment.loss.first, last: alignment.loss.last },
    steps: alignment.steps,
    tokensPerSecond: {
      society: timings.tokensPerSecond("society"),
      align: timings.tokensPerSecond("align"),
      evaluate: timings.tokensPerSecond("evaluate"),
    },
    seconds: {
      total: timings.total(),
      society: seconds("society"),
      data: seconds("data"),
      align: seconds("align"),
      evaluate: seconds("evaluate"),
      exportAdapter: seconds("exportAdapter"),
      exportMerged: seconds("exportMerged"),
    },
    proofs: { adapter: adapter.proof.maxDifference, merged: merged.proof.maxDifference },
    paths: {
      directory,
      interactions: `${plan.paths.society}/interactions.jsonl`,
      data: plan.paths.data,
      adapter: adapter.path,
      merged: merged.path,
      evaluation: plan.paths.evaluation,
      results: plan.paths.results,
    },
    versions: environment.versions,
  };
}
