/** `folkmoot evaluate`: base and aligned model on held-out questions, with the same seeds. */
import { Command } from "commander";
import { chosenCheckpoint } from "../../core/alignment/chosenCheckpoint.ts";
import { olderThanLast } from "../../core/alignment/damagedCheckpoints.ts";
import { alignConfig } from "../../core/contract/alignment.ts";
import { evaluationConfig } from "../../core/contract/evaluation.ts";
import { viewRun } from "../../core/workspace/runDirectory.ts";
import { type CommandContext, followJob } from "../context.ts";
import type { RunCommand } from "../program.ts";
import { readBaseSettings } from "../settings/baseSettings.ts";
import { checkpointOption, readCheckpoint } from "../settings/checkpoint.ts";
import { evaluationDefaults, evaluationFlags } from "../settings/evaluationFlags.ts";
import { addSettingFlags, badFlag, mergeSettings, parseSettings, readSettingFlags } from "../settings/flags.ts";
import { absolute, addExample, addOutputFlags } from "./common.ts";
import { evaluateSummary } from "./evaluate/summary.ts";

export function evaluateCommand(run: RunCommand): Command {
  const command = new Command("evaluate")
    .description(
      "Answer held-out questions with the base and the aligned model, same seeds, and compare. Run the same command again after an interruption: it resumes.",
    )
    .requiredOption("--out <dir>", "run directory; made when missing, resumed when it holds the same run")
    .option("--config <file>", "JSON with any of these settings; flags win over it")
    .option("--run <dir>", "alignment run that base model and adapter are taken from")
    .option(...checkpointOption);
  addSettingFlags(command, evaluationFlags, evaluationDefaults());
  addOutputFlags(command);
  addExample(
    command,
    "folkmoot evaluate --model model.gguf --adapter adapter.gguf --questions heldout.jsonl --out runs/e",
    "folkmoot evaluate --run runs/align --checkpoint best --questions heldout.jsonl --out runs/e",
  );
  command.action((flags: { out: string; config?: string; run?: string; checkpoint: string }) =>
    run(command, async (context) => {
      const directory = absolute(context.workingFolder, flags.out);
      const single = readSettingFlags(command, evaluationFlags, context.workingFolder);
      if (flags.run === undefined && command.getOptionValueSource("checkpoint") === "cli")
        throw badFlag("--checkpoint", "it is one of --run, which is not set");
      const given = flags.run === undefined ? single : await withRun(single, flags.run, flags.checkpoint, context);
      const base = await readBaseSettings(context.workingFolder, directory, flags.config, given.model === undefined);
      const config = parseSettings(evaluationConfig, mergeSettings(base, given), evaluationFlags);
      const engine = await context.workbench.engine();
      const result = await followJob(context, engine, (host, options) =>
        host.evaluate.run({ config, directory }, options),
      );
      context.terminal.result(result, evaluateSummary(result));
    }),
  );
  return command;
}

/** Model and adapter of an alignment run; a model that is named wins. */
async function withRun(
  given: Record<string, unknown>,
  run: string,
  checkpoint: string,
  { workingFolder, terminal }: CommandContext,
): Promise<Record<string, unknown>> {
  if (given.adapter !== undefined) throw badFlag("--adapter", "the adapter is that of --run");
  const { path, config } = await viewRun(absolute(workingFolder, run), alignConfig);
  const which = readCheckpoint(checkpoint);
  const { adapter, step } = await chosenCheckpoint(path, which);
  const older = which === "last" ? await olderThanLast(path, step) : null;
  if (older !== null) terminal.event({ type: "warning", message: older });
  return { model: config.model, adapter, ...given };
}
