/** `folkmoot align`: LoRA on a quantized GGUF from rated responses. */
import { Command } from "commander";
import { alignConfig } from "../../core/contract/alignment.ts";
import { type CommandContext, followJob } from "../context.ts";
import type { RunCommand } from "../program.ts";
import { alignDefaults, alignFlags } from "../settings/alignFlags.ts";
import { readBaseSettings } from "../settings/baseSettings.ts";
import { addSettingFlags, mergeSettings, parseSettings, readSettingFlags } from "../settings/flags.ts";
import { lossSettings } from "../settings/lossSettings.ts";
import { alignSummary } from "./align/summary.ts";
import { absolute, addExample, addOutputFlags } from "./common.ts";

export function alignCommand(run: RunCommand): Command {
  const command = new Command("align")
    .description(
      "Train a LoRA adapter with the Stable Alignment loss. Run the same command again after an interruption: it resumes.",
    )
    .requiredOption("--out <dir>", "run directory; made when missing, resumed when it holds the same run")
    .option("--config <file>", "JSON with any of these settings; flags win over it");
  addSettingFlags(command, alignFlags, alignDefaults());
  addOutputFlags(command);
  addExample(
    command,
    "folkmoot align --model model.gguf --data data.json --out runs/align --rank 16 --epochs 2",
    "folkmoot align --out runs/align        # resume what that folder holds",
  );
  command.action((flags: { out: string; config?: string }) =>
    run(command, (context) => align(context, command, flags)),
  );
  return command;
}

async function align(
  context: CommandContext,
  command: Command,
  flags: { out: string; config?: string },
): Promise<void> {
  const directory = absolute(context.workingFolder, flags.out);
  const given = readSettingFlags(command, alignFlags, context.workingFolder);
  const base = await readBaseSettings(context.workingFolder, directory, flags.config, given.model === undefined);
  const loss = lossSettings(base.loss, given.loss);
  const settings = { ...mergeSettings(base, given), ...(loss === undefined ? {} : { loss }) };
  const config = parseSettings(alignConfig, settings, alignFlags);
  const trainer = await context.workbench.trainer();
  const result = await followJob(context, (options) => trainer.align.run({ config, directory }, options));
  context.terminal.result(result, alignSummary(result));
}
