/** The library of GGUF files: linked, never copied. */
import { z } from "zod";
import { serializedError } from "../jobs.ts";
import { memoryEstimate, modelDescription } from "../models.ts";
import { procedure, runKey, undoable } from "./common.ts";

export const fit = z.object({
  /** Bytes needed for `sequences` × `contextSize`. */
  needed: z.number(),
  /** Bytes free now, the program's own hosts not counted. */
  free: z.number(),
  verdict: z.enum(["fits", "tight", "does-not-fit"]),
});

export const measuredMemory = z.object({
  /** Bytes by which the engine process grew when it loaded the model. */
  bytes: z.number(),
  sequences: z.number().int(),
  contextSize: z.number().int(),
  at: z.number(),
});

export const adapterEntry = z.object({
  path: z.string(),
  name: z.string(),
  bytes: z.number(),
  rank: z.number().int().nullable(),
  alpha: z.number().nullable(),
  /** Path of the model that it fits; null when none in the library does. */
  base: z.string().nullable(),
  /** Run and step that it comes from; null for a file that was added. */
  run: runKey.nullable(),
  step: z.number().int().nullable(),
});
export type AdapterEntry = z.infer<typeof adapterEntry>;

export const modelEntry = z.object({
  path: z.string(),
  /** The file's name, or what the GGUF calls itself. */
  name: z.string(),
  /** From the header; null when it cannot be read (`problem` says why). */
  description: modelDescription.nullable(),
  problem: serializedError.nullable(),
  added: z.number(),
  /** For a society's default shape: 16 sequences. Null without description. */
  fit: fit.nullable(),
  /** After the first load, of the same shape where there is one, else of the last; null before. */
  measured: measuredMemory.nullable(),
});
export type ModelEntry = z.infer<typeof modelEntry>;

export const library = z.object({ models: z.array(modelEntry), adapters: z.array(adapterEntry) });

const shape = z.object({
  path: z.string(),
  sequences: z.number().int().min(1).max(256).default(16),
  /** Null = what a load takes. */
  contextSize: z.number().int().positive().nullable().default(null),
});

export const modelsContract = {
  models: {
    list: procedure.output(library),
    /** A model or an adapter. @throws `model-not-found`, `model-corrupt`, `model-unsupported`. */
    add: procedure.input(z.object({ path: z.string() })).output(library),
    /** Adds every whole GGUF below `folder` (8 levels, links followed once). */
    scan: procedure.input(z.object({ folder: z.string() })).output(
      z.object({
        library,
        added: z.array(z.string()),
        known: z.number().int(),
        /** GGUF files that were left out, with the reason. */
        refused: z.array(z.object({ path: z.string(), reason: z.string() })),
      }),
    ),
    /** Header facts; with `hash`, SHA-256 of the file as well (reads every byte). */
    inspect: procedure.input(shape.extend({ hash: z.boolean().default(false) })).output(modelDescription),
    /** Does it fit, for this many sequences and this context. */
    estimate: procedure
      .input(shape)
      .output(z.object({ memory: memoryEstimate, fit, measured: measuredMemory.nullable() })),
    /** Takes it off the list; the file stays where it is. */
    remove: procedure.input(z.object({ path: z.string() })).output(undoable),
  },
};
