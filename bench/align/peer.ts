/** The peer: torch and peft in a Python of the user's. */
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { median } from "../machine.ts";
import { type Measured, machineState } from "./measured.ts";
import type { Workload } from "./workload.ts";

export interface PeerRun extends Measured {
  /** What this machine's matrix product reached in the run's type right after it, billions of operations a second. */
  readonly matmulGflops: number;
}

export type PeerType = "bfloat16" | "float32";

/** Python that can run the peer, or the sentence that says why there is none. */
export type Python = { readonly path: string; readonly versions: string } | { readonly missing: string };

const execute = promisify(execFile);

/** `FOLKMOOT_PYTHON` if it is set, else python3. */
export async function findPython(environment: NodeJS.ProcessEnv): Promise<Python> {
  const chosen = environment.FOLKMOOT_PYTHON;
  const path = chosen || "python3";
  const versions =
    "import torch, peft, transformers as t; print(f'torch {torch.__version__}, peft {peft.__version__}, transformers {t.__version__}')";
  try {
    const { stdout } = await execute(path, ["-c", versions]);
    return { path, versions: stdout.trim() };
  } catch {
    const which = chosen ? `FOLKMOOT_PYTHON (${path})` : "python3 (FOLKMOOT_PYTHON is not set)";
    return { missing: `The peer is skipped: ${which} cannot import torch, peft and transformers.` };
  }
}

const peerResult = z.object({
  seconds_of_steps: z.array(z.number()).min(1),
  peak_resident_bytes: z.number(),
  matmul_gflops: z.number(),
});

/** A process of its own for every run. `threads` 0 = as many as there are cores. */
export async function runPeer(
  python: string,
  workload: Workload,
  options: { readonly type: PeerType; readonly samples: number; readonly threads: number },
): Promise<PeerRun> {
  const { shape, vocabularySize } = workload.model;
  const before = machineState();
  const settings = {
    dtype: options.type,
    steps: options.samples,
    threads: options.threads || availableParallelism(),
    width: shape.embedding,
    layers: shape.layers,
    heads: shape.heads,
    "kv-heads": shape.kvHeads,
    "feed-forward": shape.feedForward,
    vocabulary: vocabularySize,
    prompt: workload.promptTokens,
    responses: workload.responseTokens.join(","),
    rank: workload.rank,
  };
  const { stdout } = await execute(python, [
    "-B",
    join(import.meta.dirname, "peer_trainer.py"),
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]),
  ]);
  const result = peerResult.parse(JSON.parse(stdout));
  return {
    secondsPerSample: median(result.seconds_of_steps.slice(1)),
    peakBytes: result.peak_resident_bytes,
    matmulGflops: result.matmul_gflops,
    before,
  };
}
