/** The dialogues part of the recorded service: filters, pages, annotations that stay for the visit. */
import type { implement } from "@orpc/server";
import { FolkmootError } from "../../../core/contract/errors.ts";
import type { AnnotationState, DialogueFilter } from "../../../core/contract/workbench/dialogues.ts";
import type { WorkbenchContract } from "../../../core/contract/workbench.ts";
import { type RecordedWorld, type Row, record } from "./recordedWorld.ts";

type Implementer = ReturnType<typeof implement<WorkbenchContract>>;

const untouched: AnnotationState = {
  excluded: false,
  tags: [],
  note: null,
  ratings: { before: null, after: null },
  answer: null,
};

export function recordedDialogues(
  os: Implementer,
  world: RecordedWorld,
  undo: (m: string) => { undo: string; message: string },
) {
  const find = (target: { run: string; id: string }) =>
    world.rows.find((row) => row.run === target.run && row.id === target.id);
  const whole = (row: Row) => ({
    run: row.run,
    record: record(row),
    timing: { seconds: row.seconds ?? 5, completionTokens: 240 },
    annotations: world.annotations.get(row.id) ?? { ...untouched, excluded: row.excluded, tags: row.tags },
  });
  return {
    dialogues: {
      query: os.dialogues.query.handler(({ input }) => {
        const rows = world.rows.filter((row) => fits(row, input.filter));
        const key = sortKey(input.sort.by);
        const sign = input.sort.direction === "ascending" ? 1 : -1;
        if (input.sort.by !== "time") rows.sort((a, b) => sign * (key(a) - key(b)));
        return { total: rows.length, rows: rows.slice(input.offset, input.offset + input.limit), indexing: null };
      }),
      facets: os.dialogues.facets.handler(({ input }) => {
        const rows = world.rows.filter((row) => fits(row, input.filter));
        const bars = (from: number, to: number, value: (row: Row) => number | null) =>
          Array.from({ length: to - from + 1 }, (_, i) => ({
            from: from + i,
            to: from + i + 1,
            count: rows.filter((row) => value(row) === from + i).length,
          }));
        return {
          total: rows.length,
          runs: [{ run: "village-3", count: rows.length }],
          rounds: [],
          labels: {
            good: rows.filter((row) => row.label === "good").length,
            bad: rows.filter((row) => row.label === "bad").length,
          },
          tags: [{ tag: "check", count: rows.filter((row) => row.tags.length > 0).length }],
          excluded: rows.filter((row) => row.excluded).length,
          corrected: rows.filter((row) => row.corrected).length,
          unchanged: 0,
          gain: bars(-6, 6, (row) => row.gain),
          before: bars(1, 7, (row) => row.before),
          after: bars(1, 7, (row) => row.after),
          engagement: bars(1, 7, (row) => row.engagement),
        };
      }),
      get: os.dialogues.get.handler(({ input }) => {
        const row = find(input);
        if (row === undefined)
          throw new FolkmootError("run-not-found", {
            message: "There is no such interaction.",
            action: "Choose another.",
          });
        return whole(row);
      }),
      getMany: os.dialogues.getMany.handler(({ input }) =>
        input.targets.flatMap((target) => {
          const row = find(target);
          return row === undefined ? [] : [whole(row)];
        }),
      ),
      annotate: os.dialogues.annotate.handler(({ input }) => {
        const rows = Array.isArray(input.targets)
          ? input.targets.flatMap((target: { run: string; id: string }) => find(target) ?? [])
          : [];
        for (const row of rows) {
          const state = structuredClone(whole(row).annotations);
          const { change } = input;
          if (change.kind === "exclude") state.excluded = row.excluded = change.excluded;
          if (change.kind === "tag")
            state.tags = row.tags = change.present
              ? [...row.tags, change.tag]
              : row.tags.filter((tag: string) => tag !== change.tag);
          if (change.kind === "rating") state.ratings[change.which] = change.rating;
          if (change.kind === "answer") state.answer = change.text;
          if (change.kind === "note") state.note = change.text;
          world.annotations.set(row.id, state);
        }
        return { ...undo(`${rows.length} interactions were changed.`), changed: rows.length };
      }),
      tags: os.dialogues.tags.handler(() => [{ tag: "check", count: 12 }]),
      export: os.dialogues.export.handler(({ input }) => ({
        path: input.path,
        interactions: world.rows.length,
        bytes: 1e6,
      })),
    },
  };
}

function fits(row: Row, filter: DialogueFilter): boolean {
  const within = (value: number | null, range: { from: number | null; to: number | null }) =>
    (range.from === null && range.to === null) ||
    (value !== null && (range.from === null || value >= range.from) && (range.to === null || value <= range.to));
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const flag = (kind: "any" | "only" | "without", value: boolean) => kind === "any" || (kind === "only") === value;
  return (
    (filter.runs.length === 0 || filter.runs.includes(row.run)) &&
    (filter.agents.length === 0 || filter.agents.includes(row.agent)) &&
    (filter.label === null || filter.label === row.label) &&
    within(row.round, filter.rounds) &&
    within(row.gain, filter.gain) &&
    within(row.before, filter.before) &&
    within(row.after, filter.after) &&
    within(row.engagement, filter.engagement) &&
    filter.tags.every((tag) => row.tags.includes(tag)) &&
    flag(filter.excluded, row.excluded) &&
    flag(filter.corrected, row.corrected) &&
    (filter.disagreement === null || (row.disagreement ?? 0) >= filter.disagreement) &&
    words.every((word) => `${row.question} ${row.draft} ${row.revision}`.toLowerCase().includes(word))
  );
}

function sortKey(by: string): (row: Row) => number {
  return (row) => {
    const value = (row as unknown as Record<string, unknown>)[by];
    return typeof value === "number" ? value : -99;
  };
}
