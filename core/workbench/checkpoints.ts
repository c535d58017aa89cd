/** Checkpoints of a run, whole ones only, newest first. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { listCheckpoints } from "../workspace/checkpoint.ts";

export async function checkpointsOf(directory: string) {
  const found = await listCheckpoints(join(directory, "checkpoints"), z.unknown());
  return Promise.all(
    found.map(async ({ step, directory: folder, adapter }) => {
      const { size, mtimeMs } = await stat(adapter);
      return { step, directory: folder, adapter, bytes: size, at: mtimeMs };
    }),
  );
}
