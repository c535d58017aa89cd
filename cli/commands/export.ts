/** `folkmoot export adapter | merged`: model files from an alignment run, each proven before it is called done. */
import { Command, Option } from "commander";
import { exportMergedConfig } from "../../core/contract/jobs.ts";
import { followJob } from "../context.ts";
import type { RunCommand } from "../program.ts";
import { checkpointOption, readCheckpoint } from "../settings/checkpoint.ts";
import { absolute, addExample, addOutputFlags } from "./common.ts";
import { exportSummary } from "./export/summary.ts";

const { type } = exportMergedConfig.shape;

interface Flags {
  readonly run: string;
  readonly out: string;
  readonly checkpoint: string;
}

export function exportAdapterCommand(run: RunCommand): Command {
  const command = exportCommand(
    "adapter",
    "Write the LoRA as a GGUF that llama.cpp loads on top of the base model.",
    "folkmoot export adapter --run runs/align --out adapter.gguf",
  );
  command.action((flags: Flags) =>
    run(command, async (context) => {
      const input = inputOf(flags, context.workingFolder);
      const trainer = await context.workbench.trainer();
      const result = await followJob(context, trainer, (host, options) => host.export.adapter(input, options));
      context.terminal.result(result, exportSummary(result));
    }),
  );
  return command;
}

export function exportMergedCommand(run: RunCommand): Command {
  const command = exportCommand(
    "merged",
    "Write base model and LoRA as one GGUF, quantized to any of llama.cpp's types.",
    "folkmoot export merged --run runs/align --out aligned-q8_0.gguf --type Q8_0",
  );
  command.addOption(
    new Option("--type <name>", "file type by llama.cpp's name")
      .choices(type.unwrap().options)
      .default(type.parse(undefined)),
  );
  command.action((flags: Flags & { type: ReturnType<typeof type.parse> }) =>
    run(command, async (context) => {
      const input = { ...inputOf(flags, context.workingFolder), type: flags.type };
      const trainer = await context.workbench.trainer();
      const result = await followJob(context, trainer, (host, options) => host.export.merged(input, options));
      context.terminal.result(result, exportSummary(result));
    }),
  );
  return command;
}

function exportCommand(name: string, about: string, example: string): Command {
  const command = new Command(name)
    .description(`${about} The file is opened again and must give the trainer's own log-probabilities.`)
    .requiredOption("--run <dir>", "run directory of the alignment")
    .requiredOption("--out <file>", "GGUF to write")
    .option(...checkpointOption);
  addOutputFlags(command);
  return addExample(command, example);
}

function inputOf(flags: Flags, workingFolder: string) {
  const { run, out, checkpoint } = flags;
  return {
    run: absolute(workingFolder, run),
    output: absolute(workingFolder, out),
    checkpoint: readCheckpoint(checkpoint),
  };
}
