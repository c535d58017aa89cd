/** The stations of the demo, each over one job of the hosts. Every station resumes what lies in its folder. */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { BuiltData } from "../../core/alignment/buildData.ts";
import type { InteractionRecord } from "../../core/contract/interaction.ts";
import { type AlignResult, alignResult } from "../commands/align/summary.ts";
import { type EvaluateResult, evaluateResult } from "../commands/evaluate/summary.ts";
import { type ExportResult, exportResult } from "../commands/export/summary.ts";
import { watchSociety } from "../commands/society/watch.ts";
import { type CommandContext, followJob } from "../context.ts";
import { readInteractions, writeDataFile } from "../data/dataFile.ts";
import { promptRenderer } from "../data/promptRenderer.ts";
import type { DemoPlan } from "./plan.ts";

/** What a station made, and how fast it handled tokens (null when it handled none). */
export interface Made<Result> {
  readonly result: Result;
  readonly tokensPerSecond: number | null;
}

export type RowCounts = Omit<BuiltData, "rows">;

export async function runSociety(context: CommandContext, plan: DemoPlan): Promise<Made<InteractionRecord[]>> {
  const watch = watchSociety(context.now);
  const engine = await context.workbench.engine();
  const input = { config: plan.society, directory: plan.paths.society };
  await followJob(context, engine, (host, options) => host.society.run(input, options), watch.event);
  return {
    result: await readInteractions([plan.paths.society]),
    tokensPerSecond: watch.figures().tokensPerSecond,
  };
}

export async function buildRows(plan: DemoPlan, records: readonly InteractionRecord[]): Promise<Made<RowCounts>> {
  const render = await promptRenderer();
  return { result: await writeDataFile(plan.paths.data, records, plan.data, render), tokensPerSecond: null };
}

export async function align(context: CommandContext, plan: DemoPlan): Promise<Made<AlignResult>> {
  const trainer = await context.workbench.trainer();
  const input = { config: plan.align, directory: plan.paths.align };
  const result = alignResult.parse(
    await followJob(context, trainer, (host, options) => host.align.run(input, options)),
  );
  return { result, tokensPerSecond: result.tokensPerSecond };
}

export async function evaluate(
  context: CommandContext,
  plan: DemoPlan,
  adapter: string,
): Promise<Made<EvaluateResult>> {
  const engine = await context.workbench.engine();
  const input = { config: { ...plan.evaluation, adapter }, directory: plan.paths.evaluation };
  const result = evaluateResult.parse(
    await followJob(context, engine, (host, options) => host.evaluate.run(input, options)),
  );
  return { result, tokensPerSecond: result.tokensPerSecond };
}

export async function exportAdapter(context: CommandContext, plan: DemoPlan): Promise<Made<ExportResult>> {
  await mkdir(dirname(plan.paths.adapter), { recursive: true });
  const trainer = await context.workbench.trainer();
  const input = { run: plan.paths.align, output: plan.paths.adapter };
  return exported(await followJob(context, trainer, (host, options) => host.export.adapter(input, options)));
}

export async function exportMerged(context: CommandContext, plan: DemoPlan): Promise<Made<ExportResult>> {
  await mkdir(dirname(plan.paths.merged), { recursive: true });
  const trainer = await context.workbench.trainer();
  const input = { run: plan.paths.align, output: plan.paths.merged, type: plan.mergedType };
  return exported(await followJob(context, trainer, (host, options) => host.export.merged(input, options)));
}

function exported(result: Record<string, unknown>): Made<ExportResult> {
  return { result: exportResult.parse(result), tokensPerSecond: null };
}
