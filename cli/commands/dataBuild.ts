/** `folkmoot data build`: alignment rows from what societies said. */
import { Command } from "commander";
import type { BuiltData } from "../../core/alignment/buildData.ts";
import { dataSettings } from "../../core/contract/alignment.ts";
import { readInteractions, writeDataFile } from "../data/dataFile.ts";
import { promptRenderer } from "../data/promptRenderer.ts";
import { formatCount } from "../output/format.ts";
import { renderPairs, renderTable } from "../output/table.ts";
import type { RunCommand } from "../program.ts";
import { readSettingsFile } from "../settings/baseSettings.ts";
import { dataDefaults, dataFlags } from "../settings/dataFlags.ts";
import { addSettingFlags, mergeSettings, parseSettings, readSettingFlags } from "../settings/flags.ts";
import { absolute, addExample, addOutputFlags } from "./common.ts";

interface Flags {
  readonly run: string[];
  readonly out: string;
  readonly config?: string;
}

export function dataBuildCommand(run: RunCommand): Command {
  const command = new Command("build")
    .description("Build alignment rows (imitation, self-critic, realignment) from the interactions of societies.")
    .requiredOption("--run <dirs...>", "run directories of societies, in this order")
    .requiredOption("--out <file>", "file to write: .jsonl for one row a line, else a JSON list")
    .option("--config <file>", "JSON with any of these settings; flags win over it");
  addSettingFlags(command, dataFlags, dataDefaults());
  addOutputFlags(command);
  addExample(command, "folkmoot data build --run runs/society --out data.json --mixture 5:1:1");
  command.action((flags: Flags) =>
    run(command, async ({ terminal, workingFolder }) => {
      const base = flags.config === undefined ? {} : await readSettingsFile(absolute(workingFolder, flags.config));
      const given = readSettingFlags(command, dataFlags, workingFolder);
      const settings = parseSettings(dataSettings, mergeSettings(base, given), dataFlags);
      const directories = flags.run.map((directory) => absolute(workingFolder, directory));
      const path = absolute(workingFolder, flags.out);
      const records = await readInteractions(directories);
      const built = await writeDataFile(path, records, settings, await promptRenderer());
      terminal.result({ path, ...built }, summary(path, built));
    }),
  );
  return command;
}

function summary(path: string, built: Omit<BuiltData, "rows">): string {
  const kinds = Object.entries(built.counts);
  const why = (excluded: Readonly<Record<string, number>>) =>
    Object.entries(excluded)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => `${reason} ${formatCount(count)}`)
      .join(", ");
  const table = renderTable(
    [
      { title: "kind" },
      { title: "examined", align: "right" },
      { title: "rows", align: "right" },
      { title: "kept", align: "right" },
      { title: "left out, by reason" },
    ],
    kinds.map(([kind, counts]) => [
      kind,
      formatCount(counts.examined),
      formatCount(counts.rows),
      formatCount(counts.kept),
      why(counts.excluded),
    ]),
  );
  const kept = kinds.reduce((sum, [, counts]) => sum + counts.kept, 0);
  const byHand = built.excludedByHand === 0 ? "" : `, ${formatCount(built.excludedByHand)} of them left out by hand`;
  return `${table}\n\n${renderPairs([
    ["interactions", `${formatCount(built.interactions)}${byHand}`],
    ["rows", formatCount(kept)],
    ["file", path],
  ])}`;
}
