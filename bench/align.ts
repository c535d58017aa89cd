/**
 * Seconds per sample and peak memory of `folkmoot align` on the 125 M shape as Q8_0 with random weights: rank 16, prompt
 * 180 tokens, responses of 120, 100 and 140. `npm run bench:align [-- --samples 12] [--threads 0] [--json]`.
 * Runs the command line as a user would and reads its own record; writes bench/results/align.json.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { openTokenizer } from "../core/models/llama/tokenizer.ts";
import { randomStream } from "../core/random.ts";
import { model125M, writeRandomModel } from "../scripts/models/randomModel.ts";
import { machine, median } from "./machine.ts";

const { values } = parseArgs({
  options: {
    samples: { type: "string", default: "12" },
    threads: { type: "string", default: "0" },
    json: { type: "boolean", default: false },
  },
});
const samples = Number(values.samples);
const promptTokens = 180;
const responseTokens = [120, 100, 140];

const folder = await mkdtemp(join(tmpdir(), "folkmoot-bench-"));
try {
  const model = join(folder, "model.gguf");
  await writeRandomModel(model, model125M);
  await writeFile(join(folder, "data.json"), JSON.stringify(await rows(model)));
  const before = machine();
  const run = join(folder, "run");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(import.meta.dirname, "..", "cli", "main.ts"),
      ...["align", "--model", model, "--data", join(folder, "data.json"), "--out", run, "--json"],
      ...["--accumulation", "1", "--epochs", "1", "--evaluation-share", "0", "--append-eos", "off"],
      ...["--max-length", "1024", "--threads", values.threads],
    ],
    { maxBuffer: 1 << 26 },
  );
  const result = JSON.parse(stdout) as { peakResidentBytes: number; memory: Record<string, number> };
  const events = (await readFile(join(run, "events.jsonl"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const seconds = events.filter((event) => event.type === "metrics").map((event) => event.seconds as number);
  // The first step also makes the transposed weights.
  const secondsPerSample = median(seconds.slice(1));
  const report = {
    shape: "125 M, Q8_0, rank 16, prompt 180, responses 120 + 100 + 140",
    samples,
    secondsPerSample: +secondsPerSample.toFixed(3),
    fastestSecondsPerSample: +Math.min(...seconds.slice(1)).toFixed(3),
    samplesPerMinute: +(60 / secondsPerSample).toFixed(1),
    usefulTokensPerSecond: +((promptTokens + responseTokens.reduce((a, b) => a + b)) / secondsPerSample).toFixed(0),
    peakResidentGiB: +(result.peakResidentBytes / 2 ** 30).toFixed(3),
    memory: result.memory,
    machine: before,
  };
  await writeFile(join(import.meta.dirname, "results", "align.json"), `${JSON.stringify(report, null, 2)}\n`);
  console.log(JSON.stringify(report, null, values.json ? 0 : 2));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Texts of exactly so many tokens; BOS counts as one of the prompt's. */
async function rows(model: string) {
  await using tokenizer = await openTokenizer(model);
  const stream = randomStream(1, "bench");
  const text = (tokens: number) => {
    for (;;) {
      // Ids of whole words: behind the two special tokens and the 256 bytes.
      const ids = Array.from({ length: tokens }, () => 258 + stream.integer(model125M.vocabularySize - 258));
      const words = tokenizer.detokenize(ids);
      if (tokenizer.tokenize(words).length === tokens) return words;
    }
  };
  return Array.from({ length: samples }, () => ({
    query: text(promptTokens - (tokenizer.bos === null ? 0 : 1)),
    responses: responseTokens.map(text),
    scores: [7, 4, 2],
  }));
}
