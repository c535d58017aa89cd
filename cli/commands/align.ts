/** `folkmoot align`: LoRA on a quantized GGUF from rated responses. */
import { Command } from "commander";
import { alignConfig } from "../../core/contract/alignment.ts";
import { type CommandContext, followJob } from "../context.ts";
import type { RunCommand } from "../program.ts";
import { alignDefaults, alignFlags } from "../settings/alignFlags.ts";
import { readBaseSettings } from "../settings/baseSettings.ts";
import { applyEffort } from "../settings/effort.ts";
import {
  addSettingFlags,
  asFlag,
  mergeSettings,
  missingFlag,
  parseSettings,
  readSettingFlags,
} from "../settings/flags.ts";
import { lossSettings } from "../settings/lossSettings.ts";
import { estimateAlign } from "./align/estimate.ts";
import { watchSamples } from "./align/samples.ts";
import { alignSummary } from "./align/summary.ts";
import { absolute, addExample, addOutputFlags } from "./common.ts";

interface Flags {
  readonly out?: string;
  readonly config?: string;
  readonly effort?: string;
  readonly cache?: string;
  readonly estimate?: boolean;
}

export function alignCommand(run: RunCommand): Command {
  const command = new Command("align")
    .description(
      "Train a LoRA adapter on rated responses. Run the same command again after an interruption: it resumes. Ctrl+C stops and keeps what is finished.",
    )
    .option("--out <dir>", "run directory; made when missing, resumed when it holds the same run")
    .option("--config <file>", "JSON with any of these settings; flags win over it")
    .option(
      "--effort <level>",
      "quick, balanced or thorough: rank, alpha, rsLoRA, targets, ranks, layers, learning rate, schedule, warm-up, epochs and accumulation at once, for this model and loss; single flags win over it",
    )
    .option(
      "--cache <dir>",
      "folder that runs share for reference log-probabilities and measured memory (default: the workspace's, or the run's own)",
    )
    .option(
      "--estimate",
      "print what the training would take of this machine's memory, with --data for those rows, and start nothing",
    );
  addSettingFlags(command, alignFlags, alignDefaults());
  addOutputFlags(command);
  addExample(
    command,
    "folkmoot align --model model.gguf --data data.json --out runs/align --effort balanced",
    "folkmoot align --model model.gguf --data data.json --out runs/dpo --loss dpo:1,sft:0.2",
    "folkmoot align --model model.gguf --data data.json --estimate",
    "folkmoot align --out runs/align        # resume what that folder holds",
  );
  command.action((flags: Flags) => run(command, (context) => align(context, command, flags)));
  return command;
}

async function align(context: CommandContext, command: Command, flags: Flags): Promise<void> {
  const { workingFolder, terminal } = context;
  const out = flags.out ?? (flags.estimate === true ? "." : undefined);
  if (out === undefined) throw missingFlag("--out");
  const directory = absolute(workingFolder, out);
  const cache = flags.cache === undefined ? null : absolute(workingFolder, flags.cache);
  const given = readSettingFlags(command, alignFlags, workingFolder);
  const base = await readBaseSettings(workingFolder, directory, flags.config, given.model === undefined);
  const loss = lossSettings(base.loss, given.loss);
  const chosen = { ...mergeSettings(base, given), ...(loss === undefined ? {} : { loss }) };
  const { settings, dialled } = await applyEffort(flags.effort, { given, chosen });
  // Without rows it is an estimate for any that the settings allow.
  const unnamed = flags.estimate === true ? { data: "-" } : {};
  const config = parseSettings(alignConfig, { ...unnamed, ...settings }, alignFlags);
  for (const { setting, value, reason } of dialled) terminal.line(`${asFlag(alignFlags, setting, value)}: ${reason}`);
  if (flags.estimate === true) {
    const gpus = config.gpu === "off" ? [] : await (await context.workbench.engine()).gpus();
    const { signal } = context;
    const countRows = async () => (await context.workbench.engine()).models.rowSizes(config, { signal });
    const named = settings.data === undefined ? null : countRows;
    const estimated = await estimateAlign(config, { directory, cache, gpus, countRows: named });
    terminal.result(estimated.result, estimated.text);
    return;
  }
  const trainer = await context.workbench.trainer();
  const input = { config, directory, ...(cache === null ? {} : { cache }) };
  const samples = watchSamples(directory, terminal);
  const result = await followJob(context, trainer, (host, options) => host.align.run(input, options), samples.event);
  await samples.shown();
  terminal.result(result, alignSummary(result));
}
