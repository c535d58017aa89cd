/** Interactions: questions to the index, whole records, a person's annotations. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { FolkmootError } from "../contract/errors.ts";
import type { Undoable } from "../contract/workbench/common.ts";
import type { AnnotationChange, Dialogue, DialogueFilter, DialogueSort } from "../contract/workbench/dialogues.ts";
import type { Target } from "../workspace/annotations.ts";
import { fsyncFile, partialPath } from "../workspace/atomicFile.ts";
import type { Services } from "./services.ts";

/** Records that are read at a time for a file. */
const recordsPerBatch = 100;

type Shared = Pick<Services, "index" | "annotations" | "undos" | "now">;

export class Dialogues {
  private readonly services: Shared;

  constructor(services: Shared) {
    this.services = services;
  }

  /** Unknown ones are left out. */
  async getMany(targets: readonly Target[]): Promise<Dialogue[]> {
    const { index, annotations } = this.services;
    const found = await index.ask.records({ targets });
    return found.map(({ run, record, seconds, completionTokens }) => ({
      run,
      record,
      timing: seconds === null ? null : { seconds, completionTokens },
      annotations: annotations.state({ run, id: record.id }),
    }));
  }

  /** @throws FolkmootError `run-not-found`, `data-corrupt`. */
  async get(target: Target): Promise<Dialogue> {
    const [found] = await this.getMany([target]);
    if (found !== undefined) return found;
    throw new FolkmootError("run-not-found", {
      message: `There is no interaction ${target.id} in ${target.run}.`,
      reason: "Its run was removed, or has not come that far.",
      action: "Choose one from the list.",
      details: { ...target },
    });
  }

  /** One undo takes the change back from all of them, and leaves what others changed since. */
  async annotate(
    change: AnnotationChange,
    wanted: readonly Target[] | { filter: DialogueFilter },
  ): Promise<Undoable & { changed: number }> {
    const { index, annotations, undos, now } = this.services;
    const targets = isFilter(wanted)
      ? await index.ask.targets({ filter: wanted.filter, sort: { by: "time", direction: "ascending" } })
      : wanted;
    const operation = randomUUID();
    await annotations.change(operation, targets, change, now());
    await index.annotated(targets);
    const undo = undos.add(describe(change, targets.length), async () => {
      await index.annotated(await annotations.takeBack(operation, now()));
    });
    return { ...undo, changed: targets.length };
  }

  /** JSON lines of records, in order; whole or not at all. */
  async export(filter: DialogueFilter, sort: DialogueSort, path: string) {
    const { index } = this.services;
    const targets = await index.ask.targets({ filter, sort });
    const partial = partialPath(path);
    const file = createWriteStream(partial, { flags: "wx" });
    try {
      let [interactions, bytes] = [0, 0];
      for (let at = 0; at < targets.length; at += recordsPerBatch) {
        const found = await index.ask.records({ targets: targets.slice(at, at + recordsPerBatch) });
        for (const { record } of found) {
          const line = `${JSON.stringify(record)}\n`;
          interactions++;
          bytes += Buffer.byteLength(line);
          if (!file.write(line)) await once(file, "drain");
        }
      }
      file.end();
      await finished(file);
      await fsyncFile(partial);
      await rename(partial, path);
      return { path, interactions, bytes };
    } catch (error) {
      file.destroy();
      await rm(partial, { force: true });
      throw error;
    }
  }
}

function isFilter(wanted: readonly Target[] | { filter: DialogueFilter }): wanted is { filter: DialogueFilter } {
  return !Array.isArray(wanted);
}

function describe(change: AnnotationChange, count: number): string {
  const what = count === 1 ? "1 interaction" : `${count} interactions`;
  switch (change.kind) {
    case "exclude":
      return `${what} ${change.excluded ? "left out of data" : "back in data"}.`;
    case "tag":
      return `Tag ${change.tag} ${change.present ? "put on" : "taken off"} ${what}.`;
    case "rating":
      return `Rating of ${what} ${change.rating === null ? "set back to the observer's" : `corrected to ${change.rating}`}.`;
    case "answer":
      return change.text === null ? `Rewritten answer of ${what} removed.` : `Answer of ${what} rewritten.`;
    case "note":
      return change.text === null ? `Note on ${what} removed.` : `Note on ${what} written.`;
  }
}
