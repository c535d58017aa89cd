/** Interaction records in, a file of alignment rows out. */
import { type BuiltData, buildData } from "../../core/alignment/buildData.ts";
import type { AlignmentRow, DataSettings } from "../../core/contract/alignment.ts";
import { FolkmootError } from "../../core/contract/errors.ts";
import { type InteractionRecord, interactionRecord } from "../../core/contract/interaction.ts";
import { societyConfig } from "../../core/contract/society.ts";
import type { Prompt } from "../../core/models/languageModel.ts";
import { writeFileAtomic } from "../../core/workspace/atomicFile.ts";
import { readRunJournal, viewRun } from "../../core/workspace/runDirectory.ts";

/** The records of the societies in `directories`, in that order. @throws FolkmootError as `viewRun` */
export async function readInteractions(directories: readonly string[]): Promise<InteractionRecord[]> {
  const records: InteractionRecord[] = [];
  for (const directory of directories) {
    await viewRun(directory, societyConfig);
    for await (const record of readRunJournal(directory, "interactions", interactionRecord)) records.push(record);
  }
  return records;
}

/**
 * Builds the rows and writes them to `path`: one row a line for `.jsonl`, else a JSON list with a row on each line.
 * @throws FolkmootError `bad-input` when no row is left
 */
export async function writeDataFile(
  path: string,
  records: readonly InteractionRecord[],
  settings: DataSettings,
  render: (prompt: Prompt) => string,
): Promise<Omit<BuiltData, "rows">> {
  const { rows, ...built } = buildData(records, settings, render);
  if (rows.length === 0)
    throw new FolkmootError("bad-input", {
      message: `No alignment rows can be built from ${built.interactions} interactions.`,
      reason: "Every interaction was excluded or has no readable ratings, or the society has not run yet.",
      action: "Run the society further, or exclude less.",
      details: { counts: built.counts },
    });
  await writeFileAtomic(path, serializeRows(rows, path.endsWith(".jsonl")));
  return built;
}

function serializeRows(rows: readonly AlignmentRow[], lines: boolean): string {
  const texts = rows.map((row) => JSON.stringify(row));
  return lines ? `${texts.join("\n")}\n` : `[\n${texts.join(",\n")}\n]\n`;
}
