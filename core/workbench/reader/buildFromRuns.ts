/** Alignment rows from the interactions of runs, with what a person said of them. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type BuiltData, buildData } from "../../alignment/buildData.ts";
import type { DataSettings } from "../../contract/alignment.ts";
import { type InteractionRecord, interactionRecord } from "../../contract/interaction.ts";
import type { BuildCounts } from "../../contract/workbench/data.ts";
import type { AnnotationState } from "../../contract/workbench/dialogues.ts";
import { templateFormatter } from "../../models/promptFormat.ts";
import { untouched } from "../../workspace/annotations.ts";
import { readJournal } from "../../workspace/journal.ts";
import { correctedRecords, correctionsIn } from "./corrections.ts";

export interface AnnotatedRun {
  readonly run: string;
  readonly directory: string;
  readonly states: readonly (readonly [id: string, state: AnnotationState])[];
}

export interface BuiltFromRuns {
  readonly rows: BuiltData["rows"];
  readonly counts: BuildCounts;
}

/** The last build stays, so that pages of a preview cost nothing. */
export class Builder {
  private last: { key: string; built: Promise<BuiltFromRuns> } | null = null;

  /** @throws FolkmootError `data-corrupt`, `bad-setting`. */
  async build(runs: readonly AnnotatedRun[], settings: DataSettings): Promise<BuiltFromRuns> {
    const sizes = await Promise.all(runs.map(({ directory }) => sizeOf(join(directory, "interactions.jsonl"))));
    const key = JSON.stringify([runs, settings, sizes]);
    if (this.last?.key === key) return this.last.built;
    const built = buildFromRuns(runs, settings);
    this.last = { key, built };
    built.catch(() => {
      if (this.last?.key === key) this.last = null;
    });
    return built;
  }
}

async function buildFromRuns(runs: readonly AnnotatedRun[], settings: DataSettings): Promise<BuiltFromRuns> {
  // Of answers that are rated alike the first is taught, so what a person wrote stands before what models said.
  const rewritten: InteractionRecord[] = [];
  const records: InteractionRecord[] = [];
  let [interactions, excludedByHand, corrections] = [0, 0, 0];
  const excluded = new Set(settings.exclude);
  for (const { run, directory, states } of runs) {
    const known = new Map(states);
    for await (const record of readJournal(join(directory, "interactions.jsonl"), interactionRecord)) {
      interactions++;
      const state = known.get(record.id) ?? untouched;
      const byName = [record.id, `${record.run}/${record.id}`, `${run}/${record.id}`].some((name) =>
        excluded.has(name),
      );
      if (state.excluded || byName) {
        excludedByHand++;
        continue;
      }
      corrections += correctionsIn(state);
      const [corrected, ...written] = correctedRecords(record, state);
      records.push(corrected);
      rewritten.push(...written);
    }
  }
  const formatter = templateFormatter();
  const built = buildData([...rewritten, ...records], { ...settings, exclude: [] }, (prompt) => {
    const { shared, own } = formatter.render(prompt);
    return shared + own;
  });
  const { imitation, realignment } = built.counts;
  const kinds = { imitation, "self-critic": built.counts["self-critic"], realignment };
  return { rows: built.rows, counts: { interactions, excludedByHand, corrections, kinds: structuredClone(kinds) } };
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}
