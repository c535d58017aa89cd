/** Every interaction of every run: filters, pages, the whole record, a person's annotations beside it. */
import { z } from "zod";
import { interactionRecord } from "../interaction.ts";
import { histogramBar, page, procedure, range, runKey, undoable } from "./common.ts";

/** Empty lists and nulls filter nothing. */
export const dialogueFilter = z.object({
  runs: z.array(runKey).max(1000).default([]),
  agents: z.array(z.number().int().nonnegative()).max(1600).default([]),
  /** From 1. */
  rounds: range.prefault({}),
  label: z.enum(["good", "bad"]).nullable().default(null),
  /** Observer's alignment, after − before, −6…6. */
  gain: range.prefault({}),
  /** Observer's alignment of the draft and of the revision, 1-7. */
  before: range.prefault({}),
  after: range.prefault({}),
  /** Observer's engagement of the revision, 1-7. */
  engagement: range.prefault({}),
  /** All of these words, in any of question, draft, revision, feedback; `"…"` is a phrase, a last word matches by its start. */
  text: z.string().max(400).default(""),
  /** All of these. */
  tags: z.array(z.string()).max(20).default([]),
  excluded: z.enum(["any", "only", "without"]).default("any"),
  /** Those with a corrected rating or a rewritten answer. */
  corrected: z.enum(["any", "only", "without"]).default("any"),
  /** Draft and revision are the same text. */
  unchanged: z.enum(["any", "only", "without"]).default("any"),
  /** Peers' ratings differ by at least this much (0-6); null = any. */
  disagreement: z.number().min(0).max(6).nullable().default(null),
});
export type DialogueFilter = z.infer<typeof dialogueFilter>;
export type DialogueFilterInput = z.input<typeof dialogueFilter>;

export const dialogueSorts = [
  "time",
  "round",
  "agent",
  "before",
  "after",
  "gain",
  "engagement",
  "disagreement",
  "length",
  "seconds",
] as const;
export const dialogueSort = z.object({
  by: z.enum(dialogueSorts).default("time"),
  direction: z.enum(["ascending", "descending"]).default("ascending"),
});
export type DialogueSort = z.infer<typeof dialogueSort>;

export const dialogueRow = z.object({
  run: runKey,
  /** Unique within the run: `r<round>-a<agent>`. */
  id: z.string(),
  round: z.number().int(),
  agent: z.number().int(),
  label: z.enum(["good", "bad"]),
  /** First 200 characters each. */
  question: z.string(),
  draft: z.string(),
  revision: z.string(),
  /** Observer's alignment; null when it could not be read. A person's correction is in `corrected`, never here. */
  before: z.number().nullable(),
  after: z.number().nullable(),
  gain: z.number().nullable(),
  engagement: z.number().nullable(),
  peers: z.number().int(),
  /** Highest minus lowest rating of the peers; null with fewer than two. */
  disagreement: z.number().nullable(),
  /** Null where events.jsonl does not say. */
  seconds: z.number().nullable(),
  excluded: z.boolean(),
  tags: z.array(z.string()),
  corrected: z.boolean(),
});
export type DialogueRow = z.infer<typeof dialogueRow>;

export const target = z.object({ run: runKey, id: z.string() });

/** What a person says of an interaction; the record itself never changes. */
export const annotationState = z.object({
  excluded: z.boolean(),
  tags: z.array(z.string()),
  note: z.string().nullable(),
  /** Corrected ratings by what they replace; absent = the observer's stands. Used when data are built. */
  ratings: z.object({
    before: z.number().int().min(1).max(7).nullable(),
    after: z.number().int().min(1).max(7).nullable(),
  }),
  /** What the agent should have answered; becomes a training example rated 7. */
  answer: z.string().nullable(),
});
export type AnnotationState = z.infer<typeof annotationState>;

export const annotationChange = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("exclude"), excluded: z.boolean() }),
  z.object({ kind: z.literal("tag"), tag: z.string().trim().min(1).max(60), present: z.boolean() }),
  /** Null = back to the observer's. `before` = of the draft, `after` = of the revision; alignment, 1-7. */
  z.object({
    kind: z.literal("rating"),
    which: z.enum(["before", "after"]),
    rating: z.number().int().min(1).max(7).nullable(),
  }),
  /** Null = no rewritten answer. */
  z.object({ kind: z.literal("answer"), text: z.string().trim().min(1).max(20_000).nullable() }),
  z.object({ kind: z.literal("note"), text: z.string().trim().min(1).max(4_000).nullable() }),
]);
export type AnnotationChange = z.infer<typeof annotationChange>;

export const dialogue = z.object({
  run: runKey,
  record: interactionRecord,
  /** Null where events.jsonl does not say. */
  timing: z.object({ seconds: z.number(), completionTokens: z.number() }).nullable(),
  annotations: annotationState,
});
export type Dialogue = z.infer<typeof dialogue>;

export const facets = z.object({
  total: z.number().int(),
  runs: z.array(z.object({ run: runKey, count: z.number().int() })),
  rounds: z.array(z.object({ round: z.number().int(), count: z.number().int() })),
  labels: z.object({ good: z.number().int(), bad: z.number().int() }),
  tags: z.array(z.object({ tag: z.string(), count: z.number().int() })),
  excluded: z.number().int(),
  corrected: z.number().int(),
  unchanged: z.number().int(),
  /** One bar per whole number. */
  gain: z.array(histogramBar),
  before: z.array(histogramBar),
  after: z.array(histogramBar),
  engagement: z.array(histogramBar),
});
export type Facets = z.infer<typeof facets>;

/** The index catches up after a rebuild; until then answers hold what is indexed so far. */
export const indexing = z.object({ done: z.number(), total: z.number() }).nullable();

export const dialoguesContract = {
  dialogues: {
    query: procedure
      .input(page.extend({ filter: dialogueFilter.prefault({}), sort: dialogueSort.prefault({}) }).prefault({}))
      .output(z.object({ total: z.number().int(), rows: z.array(dialogueRow), indexing })),
    /** Counts under the filter, for chips and histograms. */
    facets: procedure.input(z.object({ filter: dialogueFilter.prefault({}) }).prefault({})).output(facets),
    get: procedure.input(target).output(dialogue),
    /** Several whole records, for pinning side by side and for prefetching; unknown ones are left out. */
    getMany: procedure.input(z.object({ targets: z.array(target).max(20) })).output(z.array(dialogue)),
    /** To the named interactions, or to all under a filter. One undo takes all of it back. */
    annotate: procedure
      .input(
        z.object({
          change: annotationChange,
          targets: z.union([z.array(target).min(1).max(1000), z.object({ filter: dialogueFilter })]),
        }),
      )
      .output(undoable.extend({ changed: z.number().int() })),
    /** Every tag in use, most used first. */
    tags: procedure.output(z.array(z.object({ tag: z.string(), count: z.number().int() }))),
    /** Writes the interactions under the filter, in the sort's order, as JSON lines of records. */
    export: procedure
      .input(z.object({ filter: dialogueFilter.prefault({}), sort: dialogueSort.prefault({}), path: z.string() }))
      .output(z.object({ path: z.string(), interactions: z.number().int(), bytes: z.number() })),
  },
};
