/**
 * What a person says of interactions: annotations.jsonl, append-only, each change in its own line, never an edit of a
 * record. Taking a change back is a line of its own as well.
 */
import { z } from "zod";
import {
  type AnnotationChange,
  type AnnotationState,
  annotationChange,
  target,
} from "../contract/workbench/dialogues.ts";
import { Journal } from "./journal.ts";

export const annotationsFileName = "annotations.jsonl";

const annotationLine = z.union([
  z.object({
    version: z.literal(1),
    /** Changes that were made at once share it. */
    operation: z.string(),
    at: z.number(),
    ...target.shape,
    change: annotationChange,
  }),
  z.object({ version: z.literal(1), takesBack: z.string(), at: z.number() }),
]);
export type AnnotationLine = z.infer<typeof annotationLine>;

export interface Target {
  readonly run: string;
  readonly id: string;
}

interface Entry {
  readonly operation: string;
  readonly change: AnnotationChange;
}

export const untouched: AnnotationState = {
  excluded: false,
  tags: [],
  note: null,
  ratings: { before: null, after: null },
  answer: null,
};

/** The state that changes lead to, in order. Pure. */
export function foldAnnotations(changes: Iterable<AnnotationChange>): AnnotationState {
  let state = untouched;
  for (const change of changes) {
    switch (change.kind) {
      case "exclude":
        state = { ...state, excluded: change.excluded };
        break;
      case "tag": {
        const others = state.tags.filter((tag) => tag !== change.tag);
        state = { ...state, tags: change.present ? [...others, change.tag].sort() : others };
        break;
      }
      case "rating":
        state = { ...state, ratings: { ...state.ratings, [change.which]: change.rating } };
        break;
      case "answer":
        state = { ...state, answer: change.text };
        break;
      case "note":
        state = { ...state, note: change.text };
        break;
    }
  }
  return state;
}

/** Whether data are built from something else than what was recorded. */
export function isCorrected({ ratings, answer }: AnnotationState): boolean {
  return ratings.before !== null || ratings.after !== null || answer !== null;
}

export class Annotations implements AsyncDisposable {
  private readonly journal: Journal<AnnotationLine>;
  private readonly runs = new Map<string, Map<string, Entry[]>>();
  private readonly operations = new Map<string, Target[]>();

  private constructor(journal: Journal<AnnotationLine>) {
    this.journal = journal;
  }

  /** @throws FolkmootError `data-corrupt` naming the line. */
  static async open(path: string): Promise<Annotations> {
    const annotations = new Annotations(await Journal.open(path, annotationLine));
    for await (const line of annotations.journal.read()) annotations.apply(line);
    return annotations;
  }

  state({ run, id }: Target): AnnotationState {
    const entries = this.runs.get(run)?.get(id);
    return entries === undefined ? untouched : foldAnnotations(entries.map(({ change }) => change));
  }

  /** Everything that was said of a run's interactions, by id. */
  *ofRun(run: string): Generator<readonly [id: string, state: AnnotationState]> {
    for (const [id, entries] of this.runs.get(run) ?? [])
      yield [id, foldAnnotations(entries.map(({ change }) => change))];
  }

  /** @param operation name of this change, new; what `takeBack` takes */
  async change(operation: string, targets: readonly Target[], change: AnnotationChange, at: number): Promise<void> {
    const lines = targets.map(({ run, id }): AnnotationLine => ({ version: 1, operation, at, run, id, change }));
    await this.journal.append(lines);
    for (const line of lines) this.apply(line);
  }

  /** Takes a change back; whom it touched. Changes that others made since stay. */
  async takeBack(operation: string, at: number): Promise<readonly Target[]> {
    const targets = this.operations.get(operation) ?? [];
    const line: AnnotationLine = { version: 1, takesBack: operation, at };
    await this.journal.append([line]);
    this.apply(line);
    return targets;
  }

  close(): Promise<void> {
    return this.journal.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private apply(line: AnnotationLine): void {
    if ("takesBack" in line) {
      for (const { run, id } of this.operations.get(line.takesBack) ?? []) {
        const entries = this.runs.get(run)?.get(id) ?? [];
        this.runs.get(run)?.set(
          id,
          entries.filter(({ operation }) => operation !== line.takesBack),
        );
      }
      this.operations.delete(line.takesBack);
      return;
    }
    const { run, id, operation, change } = line;
    const ofRun = this.runs.get(run) ?? new Map<string, Entry[]>();
    this.runs.set(run, ofRun);
    const entries = ofRun.get(id) ?? [];
    ofRun.set(id, entries);
    entries.push({ operation, change });
    const targets = this.operations.get(operation) ?? [];
    this.operations.set(operation, targets);
    targets.push({ run, id });
  }
}
