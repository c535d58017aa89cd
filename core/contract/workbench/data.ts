/** Alignment data: built from runs, imported, listed, looked at, exported. */
import { z } from "zod";
import { alignmentRow, dataSettings, rowKinds } from "../alignment.ts";
import { histogramBar, page, procedure, runKey, settingsOf, undoable } from "./common.ts";

/** Of one kind: what was examined, what was left out and why, what is left. */
export const kindCounts = z.object({
  /** Imitation: drafts and revisions; self-critic: pieces of feedback; realignment: interactions. */
  examined: z.number().int(),
  /** Reasons as `buildData` names them, e.g. `nullRating`, `duplicate`, `tie`, `fell`. */
  excluded: z.record(z.string(), z.number().int()),
  rows: z.number().int(),
  /** After the mixture. */
  kept: z.number().int(),
});

export const buildCounts = z.object({
  interactions: z.number().int(),
  /** Left out by hand (annotations and `settings.exclude`). */
  excludedByHand: z.number().int(),
  /** Corrected ratings and rewritten answers that were used. */
  corrections: z.number().int(),
  kinds: z.object({ imitation: kindCounts, "self-critic": kindCounts, realignment: kindCounts }),
});
export type BuildCounts = z.infer<typeof buildCounts>;

const source = z.object({
  /** Societies, in this order. */
  runs: z.array(runKey).min(1).max(100),
  settings: settingsOf<z.input<typeof dataSettings>>().optional(),
});

export const dataRow = z.object({
  /** Place in the whole set, from 0. */
  index: z.number().int(),
  row: alignmentRow,
  /** Tokens of the query (BOS included) and of every response (EOS not); null without a model. */
  tokens: z.object({ query: z.number().int(), responses: z.array(z.number().int()) }).nullable(),
});

export const dataPage = z.object({ total: z.number().int(), rows: z.array(dataRow) });

/** Which rows of a set. */
const rowPage = page.extend({
  kind: z.enum(rowKinds).nullable().default(null),
  /** Occurs in query or a response, whatever its case. */
  text: z.string().max(200).default(""),
  /** GGUF whose tokenizer counts; null = no counts. */
  model: z.string().nullable().default(null),
});

export const dataSet = z.object({
  /** File name in the workspace's `data/`. */
  id: z.string(),
  path: z.string(),
  name: z.string(),
  created: z.number(),
  bytes: z.number(),
  rows: z.number().int(),
  /** Rows by kind. */
  kinds: z.object({
    imitation: z.number().int(),
    "self-critic": z.number().int(),
    realignment: z.number().int(),
  }),
  /** Rows that repeat an earlier one; rows with a score outside 1-7. */
  duplicates: z.number().int(),
  outsideScale: z.number().int(),
  origin: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("built"), runs: z.array(z.string()), settings: dataSettings, counts: buildCounts }),
    /** The file that it was read from. */
    z.object({ kind: z.literal("imported"), path: z.string() }),
  ]),
});
export type DataSetEntry = z.infer<typeof dataSet>;

const dataId = z.string().regex(/^[\w][\w. -]*\.jsonl$/);

export const dataContract = {
  data: {
    /** What `build` would make: counts before and after, and one page of rows with the template applied. */
    preview: procedure
      .input(source.extend({ page: rowPage.prefault({}) }))
      .output(dataPage.extend({ counts: buildCounts })),
    build: procedure.input(source.extend({ name: z.string().trim().min(1).max(120).optional() })).output(dataSet),
    list: procedure.output(z.array(dataSet)),
    rows: procedure.input(rowPage.extend({ id: dataId })).output(dataPage),
    /** Tokens per row (query + longest response) over the set or, of a large one, over 2000 rows spread evenly. */
    lengths: procedure
      .input(z.object({ id: dataId, model: z.string(), maxLength: z.number().int().min(2).default(512) }))
      .output(
        z.object({
          counted: z.number().int(),
          longest: z.number().int(),
          /** Share of rows above `maxLength`, 0-1: those are cut. */
          overLong: z.number(),
          bars: z.array(histogramBar),
        }),
      ),
    /** The published format (JSON list or lines of query, responses, scores), or rows of ours; copied into the workspace. */
    import: procedure
      .input(z.object({ path: z.string(), name: z.string().trim().min(1).max(120).optional() }))
      .output(dataSet),
    /** Writes the set to `path`: `.jsonl` one row a line, else a JSON list; `published` leaves out what is ours alone. */
    export: procedure
      .input(z.object({ id: dataId, path: z.string(), format: z.enum(["folkmoot", "published"]).default("folkmoot") }))
      .output(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
    remove: procedure.input(z.object({ id: dataId })).output(undoable),
  },
};
