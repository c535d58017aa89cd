/** `folkmoot demo`: the whole method on the model and the village that come with Folkmoot. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { FolkmootError } from "../../core/contract/errors.ts";
import { type ExperimentSizeName, experimentSizes } from "../../core/contract/experiment.ts";
import { resourcesFolder } from "../../core/workbench/resources.ts";
import { planDemo } from "../demo/plan.ts";
import { demoTable } from "../demo/results.ts";
import { runDemo } from "../demo/runDemo.ts";
import type { RunCommand } from "../program.ts";
import { asNumber, badFlag } from "../settings/flags.ts";
import { absolute, addExample, addOutputFlags } from "./common.ts";

interface Flags {
  readonly out?: string;
  readonly seed: string;
  readonly size: ExperimentSizeName;
  readonly experiment?: string;
}

export function demoCommand(run: RunCommand): Command {
  const command = new Command("demo")
    .description(
      "Run the whole method offline in a few minutes: a society of village agents talks, a tiny model learns from it, base and aligned are compared on held-out questions, and the result is exported.",
    )
    .option("--out <dir>", "folder for everything (default: demo-output/<size>-seed<n>)")
    .option("--seed <n>", "seed of everything that is drawn", "1")
    .addOption(new Option("--size <name>", "full, or small for a quick look").choices(experimentSizes).default("full"))
    .option("--experiment <file>", "another experiment of the same form (default: the village that comes along)");
  addOutputFlags(command);
  addExample(command, "folkmoot demo --size small --seed 7 --out /tmp/demo");
  command.action((flags: Flags) =>
    run(command, async (context) => {
      const seed = asNumber(flags.seed, { flag: "--seed", workingFolder: context.workingFolder });
      if (!Number.isInteger(seed) || seed < 0) throw badFlag("--seed", `"${flags.seed}" is not a whole number from 0`);
      const directory = absolute(context.workingFolder, flags.out ?? join("demo-output", `${flags.size}-seed${seed}`));
      const file = flags.experiment === undefined ? ownExperiment() : absolute(context.workingFolder, flags.experiment);
      const plan = await planDemo(file, directory, flags.size, seed);
      const results = await runDemo(context, plan, directory);
      context.terminal.result(results, `\n${demoTable(results)}`);
    }),
  );
  return command;
}

function ownExperiment(): string {
  const name = join("demo", "experiment.json");
  const path = join(resourcesFolder() ?? "", name);
  if (existsSync(path)) return path;
  throw new FolkmootError("data-not-found", {
    message: "The demo's experiment is not part of this copy of Folkmoot.",
    reason: `There is no ${name} in its resources.`,
    action: "Restore the resources folder from the repository.",
  });
}
