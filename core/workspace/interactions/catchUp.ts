/** Reads into the index what a run's journals hold and the index does not yet. */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { interactionRecord } from "../../contract/interaction.ts";
import type { AnnotationState } from "../../contract/workbench/dialogues.ts";
import { sha256 } from "../hash.ts";
import { type JournalLine, parseObject, readLines } from "../journalLines.ts";
import { briefOf, columnsOf, excerptLength, textsOf } from "./columns.ts";
import type { IndexedRun, InteractionIndex } from "./interactionIndex.ts";

/** Lines per transaction; between two of them others get their turn. */
const linesPerBatch = 250;
const interactionEvent = '{"type":"interaction"';

export interface CatchUp {
  readonly index: InteractionIndex;
  readonly run: IndexedRun;
  readonly annotation: (id: string) => AnnotationState;
  /** Called between batches with the bytes read since the last call. */
  readonly onBytes?: (bytes: number) => void;
  /** First time since the index was opened: what was read before is compared with what stands there now. */
  readonly verify: boolean;
}

/** Interactions that were added. A journal that was replaced or cut is read from its start. */
export async function catchUp(task: CatchUp): Promise<number> {
  const { index, run } = task;
  let known = runRow(index, run);
  const handle = await openForReading(join(run.directory, "interactions.jsonl"));
  try {
    if (handle === undefined) {
      if (known.bytes > 0) forgetInteractions(index, known.id);
      return 0;
    }
    // Events follow their records, so every event up to here has its record below the size taken after it.
    const eventBytes = await sizeOf(join(run.directory, "events.jsonl"));
    const { size } = await handle.stat();
    if (size < known.bytes || (task.verify && !(await isSameTail(index, handle, known)))) {
      forgetInteractions(index, known.id);
      known = runRow(index, run);
    }
    const added = await readInteractions(task, handle, size, known);
    await readSeconds(task, known, eventBytes);
    if (added > 0) index.changed();
    return added;
  } finally {
    await handle?.close();
  }
}

/** Takes a run with everything of it out of the index. */
export function forgetRun(index: InteractionIndex, key: string): void {
  const id = index.get("SELECT id FROM run WHERE key = ?", key)?.id;
  if (typeof id !== "number") return;
  forgetInteractions(index, id);
  index.run("DELETE FROM run WHERE id = ?", id);
}

interface RunRow {
  readonly id: number;
  readonly bytes: number;
  readonly events: number;
  readonly tail: string;
}

function runRow(index: InteractionIndex, { key, directory, created }: IndexedRun): RunRow {
  index.run(
    `INSERT INTO run (key, directory, created, bytes, events, tail) VALUES (?, ?, ?, 0, 0, '')
     ON CONFLICT (key) DO UPDATE SET directory = excluded.directory, created = excluded.created`,
    key,
    directory,
    created,
  );
  return index.get("SELECT id, bytes, events, tail FROM run WHERE key = ?", key) as unknown as RunRow;
}

function forgetInteractions(index: InteractionIndex, run: number): void {
  index.transaction(() => {
    const ids = "SELECT id FROM interaction WHERE run = ?";
    index.run(`DELETE FROM words WHERE rowid IN (${ids})`, run);
    index.run(`DELETE FROM excerpt WHERE id IN (${ids})`, run);
    index.run(`DELETE FROM tag WHERE interaction IN (${ids})`, run);
    index.run("DELETE FROM interaction WHERE run = ?", run);
    index.run("UPDATE run SET bytes = 0, events = 0, tail = '' WHERE id = ?", run);
  });
  index.changed();
}

async function isSameTail(index: InteractionIndex, handle: FileHandle, { id, tail }: RunRow): Promise<boolean> {
  const last = index.get("SELECT start, size FROM interaction WHERE run = ? ORDER BY place DESC LIMIT 1", id);
  if (last === undefined) return true;
  const bytes = Buffer.alloc(last.size as number);
  await handle.read(bytes, 0, bytes.length, last.start as number);
  return sha256(bytes) === tail;
}

async function readInteractions(task: CatchUp, handle: FileHandle, size: number, known: RunRow): Promise<number> {
  let place = (task.index.get("SELECT max(place) AS place FROM interaction WHERE run = ?", known.id)?.place ??
    -1) as number;
  const first = place;
  const batch: JournalLine[] = [];
  const write = async () => {
    const lines = batch.splice(0);
    const last = lines.at(-1);
    if (last === undefined) return;
    task.index.transaction(() => {
      for (const line of lines) if (insert(task, known.id, line, place + 1)) place++;
      task.index.run("UPDATE run SET bytes = ? WHERE id = ?", last.end, known.id);
    });
    task.onBytes?.(last.end - (lines[0]?.start ?? last.end));
    await new Promise(setImmediate);
  };
  for await (const line of readLines(handle, size, known.bytes)) {
    // A line without its break may still be written, or be cut off when its run is resumed.
    if (!line.complete) break;
    batch.push(line);
    if (batch.length >= linesPerBatch) await write();
  }
  await write();
  return place - first;
}

/** False for a line that is no interaction: reading the run reports it, the list goes on without it. */
function insert({ index, annotation }: CatchUp, run: number, line: JournalLine, place: number): boolean {
  const parsed = interactionRecord.safeParse(parseObject(line.bytes));
  if (!parsed.success) return false;
  const record = parsed.data;
  const c = columnsOf(record);
  const texts = textsOf(record);
  const size = line.bytes.length;
  if (index.get("SELECT 1 FROM interaction WHERE run = ? AND name = ?", run, c.name) !== undefined) return false;
  const id = index.run(
    `INSERT INTO interaction (run, place, name, round, agent, good, before, after, gain, engagement, peers, disagreement,
       length, unchanged, recalled, unparsed, tokens, start, size)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[run, place, c.name, c.round, c.agent, c.good, c.before, c.after, c.gain, c.engagement, c.peers, c.disagreement],
    ...[c.length, c.unchanged, c.recalled, c.unparsed, c.completionTokens, line.start, size],
  );
  const excerpt = (text: string) => text.slice(0, excerptLength);
  index.run(
    "INSERT INTO excerpt VALUES (?, ?, ?, ?)",
    ...[id, JSON.stringify(briefOf(record, 0)), excerpt(texts.draft), excerpt(texts.revision)],
  );
  index.run(
    "INSERT INTO words (rowid, question, draft, revision, feedback) VALUES (?, ?, ?, ?, ?)",
    ...[id, texts.question, texts.draft, texts.revision, texts.feedback],
  );
  index.run("UPDATE run SET tail = ? WHERE id = ?", sha256(line.bytes), run);
  const state = annotation(c.name);
  if (state.excluded || state.tags.length > 0 || state.answer !== null || hasRating(state))
    index.writeAnnotation(id, state);
  return true;
}

function hasRating({ ratings }: AnnotationState): boolean {
  return ratings.before !== null || ratings.after !== null;
}

async function readSeconds({ index, run }: CatchUp, known: RunRow, size: number): Promise<void> {
  if (size <= known.events) return;
  const handle = await openForReading(join(run.directory, "events.jsonl"));
  if (handle === undefined) return;
  try {
    let end = known.events;
    const found: [string, number][] = [];
    for await (const line of readLines(handle, size, known.events)) {
      if (!line.complete) break;
      end = line.end;
      if (line.bytes.toString("latin1", 0, interactionEvent.length) !== interactionEvent) continue;
      const event = parseObject(line.bytes) as { id?: unknown; seconds?: unknown } | undefined;
      if (typeof event?.id === "string" && typeof event.seconds === "number") found.push([event.id, event.seconds]);
    }
    index.transaction(() => {
      for (const [name, seconds] of found)
        index.run("UPDATE interaction SET seconds = ? WHERE run = ? AND name = ?", seconds, known.id, name);
      index.run("UPDATE run SET events = ? WHERE id = ?", end, known.id);
    });
  } finally {
    await handle.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  const handle = await openForReading(path);
  if (handle === undefined) return 0;
  try {
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

async function openForReading(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
