/** The fastest that this machine's processor can multiply and add, in the types that trainers compute in. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

/** Billions of operations a second of all threads; `bfloat16` is null without instructions for it. */
const peak = z.object({ float32: z.number(), bfloat16: z.number().nullable() });
export type Peak = z.infer<typeof peak>;

const execute = promisify(execFile);

/**
 * Chains of multiply-adds in registers (peak.cpp), compiled for this very processor.
 * @param threads 0 = as many as there are cores
 * @returns null where there is no compiler for it; units beside these instructions (AMX) are not seen
 */
export async function measurePeak(threads: number): Promise<Peak | null> {
  const folder = await mkdtemp(join(tmpdir(), "folkmoot-peak-"));
  const program = join(folder, "peak");
  const source = join(import.meta.dirname, "peak.cpp");
  try {
    await execute(process.env.CXX || "c++", ["-O3", "-march=native", "-std=c++17", "-pthread", source, "-o", program]);
    const { stdout } = await execute(program, [`${threads || availableParallelism()}`]);
    return peak.parse(JSON.parse(stdout));
  } catch {
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
