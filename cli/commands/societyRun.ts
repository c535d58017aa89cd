/** `folkmoot society run`: a society of agents answers, rates and revises. */
import { Command } from "commander";
import { societyConfig } from "../../core/contract/society.ts";
import { type CommandContext, followJob } from "../context.ts";
import type { RunCommand } from "../program.ts";
import { readBaseSettings } from "../settings/baseSettings.ts";
import { addSettingFlags, mergeSettings, parseSettings, readSettingFlags } from "../settings/flags.ts";
import { populationFlags, societyDefaults, societyFlags } from "../settings/societyFlags.ts";
import { absolute, addExample, addOutputFlags } from "./common.ts";
import { societySummary } from "./society/summary.ts";
import { watchSociety } from "./society/watch.ts";

interface Flags {
  readonly out: string;
  readonly config?: string;
}

export function societyRunCommand(run: RunCommand): Command {
  const command = new Command("run")
    .description(
      "Run a society: every agent drafts, hears its peers, revises. Run the same command again after an interruption: it resumes.",
    )
    .requiredOption("--out <dir>", "run directory; made when missing, resumed when it holds the same run")
    .option("--config <file>", "JSON with any setting (several models, personas); flags win over it");
  addSettingFlags(command, populationFlags, {});
  addSettingFlags(command, societyFlags, societyDefaults());
  addOutputFlags(command);
  addExample(
    command,
    "folkmoot society run --model model.gguf --questions questions.txt --out runs/society --grid 4x4",
    "folkmoot society run --out runs/society   # resume what that folder holds",
  );
  command.action((flags: Flags) => run(command, (context) => runSociety(context, command, flags)));
  return command;
}

async function runSociety(context: CommandContext, command: Command, flags: Flags): Promise<void> {
  const directory = absolute(context.workingFolder, flags.out);
  const given = readSettingFlags(command, societyFlags, context.workingFolder);
  const population = readSettingFlags(command, populationFlags, context.workingFolder);
  const fresh = Object.keys(population).length > 0;
  const base = await readBaseSettings(context.workingFolder, directory, flags.config, !fresh);
  const settings = mergeSettings(base, fresh ? { ...given, populations: [population] } : given);
  const flagsByPath = [
    ...societyFlags,
    ...populationFlags.map((flag) => ({
      ...flag,
      path: flag.path === "model" ? "populations" : `populations.0.${flag.path}`,
    })),
  ];
  const config = parseSettings(societyConfig, settings, flagsByPath);
  const engine = await context.workbench.engine();
  const watch = watchSociety(context.now);
  const result = await followJob(
    context,
    engine,
    (host, options) => host.society.run({ config, directory }, options),
    watch.event,
  );
  context.terminal.result({ ...result, directory }, societySummary(result, watch.figures(), directory));
}
