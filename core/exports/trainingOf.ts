/** How a file was trained: an adapter in its run by the run's settings, an export by the provenance beside it. */
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import type { Training } from "../models/servedContext.ts";
import { configFileName } from "../workspace/runConfig.ts";

const alignment = z.object({
  kind: z.literal("align"),
  contextLength: z.number().int().positive().nullable().default(null),
});
const provenance = z.object({ file: z.object({ bytes: z.number() }), config: alignment });

/** Null for a file that no training is known of. */
export async function trainingOf(path: string): Promise<Training | null> {
  return (await ofExport(path)) ?? (await ofCheckpoint(path));
}

async function ofExport(path: string): Promise<Training | null> {
  const known = provenance.safeParse(await readJson(`${path}.json`));
  if (!known.success) return null;
  // Another file may have taken its name since.
  const bytes = (await stat(path).catch(() => null))?.size;
  return bytes === known.data.file.bytes ? { contextLength: known.data.config.contextLength } : null;
}

/** `<run>/checkpoints/step-00000008/adapter.gguf`, or in `best`. */
async function ofCheckpoint(path: string): Promise<Training | null> {
  const step = dirname(path);
  const folder = dirname(step);
  if (!/^step-\d{8,}$/.test(basename(step)) || !["checkpoints", "best"].includes(basename(folder))) return null;
  const known = alignment.safeParse(await readJson(join(dirname(folder), configFileName)));
  return known.success ? { contextLength: known.data.contextLength } : null;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return null;
  }
}
