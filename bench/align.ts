/**
 * Speed and memory of `folkmoot align` beside torch + peft: `npm run bench:align`
 * [-- --runs 5] [--samples 6] [--threads 0] [--json]. 125 M parameters, rank 16, prompt 180 tokens, responses of 120, 100
 * and 140; ours on a Q8_0 base against torch in bfloat16, on an F32 base against float32, in turn, a process of its own
 * each. The peer runs in the Python of FOLKMOOT_PYTHON, else in a python3 with torch and peft, else it is skipped.
 * What the figures mean: align/comparison.ts. Writes bench/results/align.json where the peer ran, or the figures of ours
 * alone would replace a comparison; --json prints them as one line, without the single runs.
 *
 * [-- --billion]: instead, 1 B parameters as Q4_K_M; writes bench/results/align-billion.json.
 * [-- --table]: instead, cost against response tokens, layers and candidates; writes bench/results/align-scaling.json.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureBillion } from "./align/billion.ts";
import { compare, hasPeer } from "./align/comparison.ts";
import { measureScaling } from "./align/scaling.ts";
import { workload125M } from "./align/workload.ts";

const text = { type: "string" } as const;
const switchOff = { type: "boolean", default: false } as const;
const { values } = parseArgs({
  options: { runs: text, samples: text, threads: text, json: switchOff, table: switchOff, billion: switchOff },
});
const runs = atLeast("runs", values.runs ?? "5", 1);
// The first step of a run is its warm-up.
const samples = atLeast("samples", values.samples ?? "6", 2);
const threads = atLeast("threads", values.threads ?? "0", 0);
const say = (line: string) => console.error(line);

if (values.table) {
  const report = await measureScaling({ samples, threads, say });
  await writeResult("align-scaling", report);
  if (values.json) console.log(JSON.stringify(report));
  else console.table(report.sizes.map(({ before, ...figures }) => figures));
} else if (values.billion) {
  const report = await measureBillion({ samples, threads, say });
  await writeResult("align-billion", report);
  console.log(JSON.stringify(report, null, values.json ? 0 : 2));
} else {
  const report = await compare(workload125M, { runs, samples, threads, environment: process.env, say });
  if (hasPeer(report)) await writeResult("align", { shape: workload125M, samples, ...report });
  else say("bench/results/align.json stays as it is: without the peer there is no comparison to keep.");
  const { rounds, ...figures } = report;
  console.log(JSON.stringify(figures, null, values.json ? 0 : 2));
}

function atLeast(name: string, given: string, least: number): number {
  const value = Number(given);
  if (given.trim() !== "" && Number.isInteger(value) && value >= least) return value;
  console.error(`--${name} is a whole number of at least ${least}.`);
  process.exit(2);
}

async function writeResult(name: string, report: object): Promise<void> {
  await writeFile(join(import.meta.dirname, "results", `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
}
