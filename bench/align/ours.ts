/** `folkmoot align` as a user runs it, measured by its own record. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { loadNativeAddon } from "../../core/alignment/nativeAddon.ts";
import { ggmlLibraryFolder } from "../../core/models/llama/libraries.ts";
import type { Encoding } from "../../core/models/tensorEncoding.ts";
import { residentBytes } from "../../core/workbench/processMemory.ts";
import { writeRandomModel } from "../../scripts/models/randomModel.ts";
import { median } from "../machine.ts";
import { type Measured, machineState } from "./measured.ts";
import { type Workload, workloadRows } from "./workload.ts";

export interface OurRun extends Measured {
  /** Largest resident set of the command line itself, which waits beside the process that trains. */
  readonly commandBytes: number;
  /** Bytes by part, as the trainer counts them. */
  readonly memory: Readonly<Record<string, number>>;
}

export interface OurTrainer extends AsyncDisposable {
  run(): Promise<OurRun>;
}

export interface OurOptions {
  /** Of the base; what the project's own writer cannot encode is quantized by the addon from F16. */
  readonly encoding: Encoding | "Q4_K_M";
  readonly activations?: "automatic" | "keep" | "recompute";
  /** Steps of a run; at least 2. */
  readonly samples: number;
  /** 0 = as many as there are cores. */
  readonly threads: number;
}

const alignResult = z.object({ peakResidentBytes: z.number(), memory: z.record(z.string(), z.number()) });
const commandLine = join(import.meta.dirname, "..", "..", "cli", "main.ts");

/** Writes model and rows into a folder of its own, which goes with the trainer. */
export async function ourTrainer(workload: Workload, options: OurOptions): Promise<OurTrainer> {
  const folder = await mkdtemp(join(tmpdir(), "folkmoot-bench-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  const files = { model: join(folder, "model.gguf"), data: join(folder, "data.json"), out: join(folder, "run") };
  try {
    await writeModel(files.model, workload, options.encoding);
    await writeFile(files.data, JSON.stringify(await workloadRows(files.model, workload, options.samples)));
  } catch (error) {
    await remove();
    throw error;
  }
  return { run: () => train(files, workload, options), [Symbol.asyncDispose]: remove };
}

async function writeModel(path: string, { model }: Workload, encoding: OurOptions["encoding"]): Promise<void> {
  if (encoding !== "Q4_K_M") return writeRandomModel(path, { ...model, encoding });
  const input = `${path}.f16`;
  await writeRandomModel(input, { ...model, encoding: "F16" });
  const libraries = ggmlLibraryFolder({ device: "cpu" });
  await loadNativeAddon().quantize({ input, output: path, type: encoding, libraries });
  await rm(input);
}

interface Files {
  readonly model: string;
  readonly data: string;
  readonly out: string;
}

async function train({ model, data, out }: Files, workload: Workload, options: OurOptions): Promise<OurRun> {
  const { threads, activations = "automatic" } = options;
  await rm(out, { recursive: true, force: true });
  const before = machineState();
  const started = promisify(execFile)(
    process.execPath,
    [
      ...[commandLine, "align", "--model", model, "--data", data, "--out", out, "--json"],
      ...["--rank", `${workload.rank}`, "--max-rejected", `${workload.responseTokens.length - 1}`],
      ...["--accumulation", "1", "--epochs", "1", "--evaluation-share", "0", "--append-eos", "off"],
      ...["--max-length", "1024", "--threads", `${threads}`],
      ...["--activations", activations, "--gpu", "off"],
    ],
    { maxBuffer: 1 << 26 },
  );
  const command = watchResident(started.child.pid as number);
  const { stdout } = await started.finally(command.end);
  const { peakResidentBytes, memory } = alignResult.parse(JSON.parse(stdout));
  const seconds = await stepSeconds(join(out, "events.jsonl"));
  return {
    secondsPerSample: median(seconds.slice(1)),
    peakBytes: peakResidentBytes,
    commandBytes: command.peak(),
    memory,
    before,
  };
}

async function stepSeconds(events: string): Promise<number[]> {
  const lines = (await readFile(events, "utf8")).trim().split("\n");
  return lines
    .map((line) => JSON.parse(line) as { type: string; seconds: number })
    .filter(({ type }) => type === "metrics")
    .map(({ seconds }) => seconds);
}

/** The largest of several looks a second; the command line's memory hardly moves. */
function watchResident(pid: number) {
  let peak = 0;
  const timer = setInterval(async () => {
    peak = Math.max(peak, (await residentBytes(pid)) ?? 0);
  }, 250);
  return { peak: () => peak, end: () => clearInterval(timer) };
}
