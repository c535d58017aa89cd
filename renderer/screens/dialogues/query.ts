/** What is looked for under Dialogues, as the window keeps it and as the service is asked for it. */
import {
  type DialogueFilter,
  type DialogueSort,
  dialogueFilter,
  dialogueSort,
} from "../../../core/contract/workbench/dialogues.ts";

export const everything: DialogueFilter = dialogueFilter.parse({});

/** The filter kept from the last time; the run is part of the address instead. */
export function parseFilter(value: unknown): DialogueFilter {
  const parsed = dialogueFilter.safeParse(value);
  return parsed.success ? { ...parsed.data, runs: [] } : everything;
}

export function parseSort(value: unknown): DialogueSort {
  const parsed = dialogueSort.safeParse(value);
  return parsed.success ? parsed.data : { by: "time", direction: "ascending" };
}

/** How many conditions a filter has, the run not counted. */
export function conditions(filter: DialogueFilter): number {
  return [
    filter.agents.length > 0,
    filter.rounds.from !== null || filter.rounds.to !== null,
    filter.label !== null,
    bounded(filter.gain),
    bounded(filter.before),
    bounded(filter.after),
    bounded(filter.engagement),
    filter.text !== "",
    filter.tags.length > 0,
    filter.excluded !== "any",
    filter.corrected !== "any",
    filter.unchanged !== "any",
    filter.disagreement !== null,
  ].filter(Boolean).length;
}

function bounded(range: { from: number | null; to: number | null }): boolean {
  return range.from !== null || range.to !== null;
}

/** The part of the address that means all runs. */
export const allRuns = "*";

export interface Target {
  readonly run: string;
  readonly id: string;
}

/** `[run or *, id, run of the id]` as run filter and selection. */
export function parsePath(path: readonly string[]): { run: string | null; target: Target | null } {
  const [first, id, own] = path;
  const run = first === undefined || first === allRuns ? null : first;
  const of = own ?? run;
  return { run, target: id === undefined || of === null ? null : { run: of, id } };
}

export function pathTo(run: string | null, target: Target | null): string[] {
  if (target === null) return [run ?? allRuns];
  return run === target.run ? [run, target.id] : [run ?? allRuns, target.id, target.run];
}

/** One-click views: what each asks for, on top of nothing. */
export const views = {
  all: { filter: {}, sort: { by: "time", direction: "ascending" } },
  best: { filter: {}, sort: { by: "gain", direction: "descending" } },
  worst: { filter: { gain: { from: null, to: -1 } }, sort: { by: "gain", direction: "ascending" } },
  disagree: { filter: { disagreement: 3 }, sort: { by: "disagreement", direction: "descending" } },
  unchanged: { filter: { unchanged: "only" }, sort: { by: "time", direction: "ascending" } },
  excluded: { filter: { excluded: "only" }, sort: { by: "time", direction: "ascending" } },
  corrected: { filter: { corrected: "only" }, sort: { by: "time", direction: "ascending" } },
} as const satisfies Record<string, { filter: Partial<DialogueFilter>; sort: DialogueSort }>;
