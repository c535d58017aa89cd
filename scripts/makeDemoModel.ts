/**
 * Makes the demo model from the village's grammar with our own trainer and nothing else: random start → SFT → Q8_0.
 * `npm run make:demo-model [-- --size small] [--out FILE.gguf] [--threads N]`. Writes the model and, beside it, the
 * recipe and the log of its training.
 */
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { loadNativeAddon } from "../core/alignment/nativeAddon.ts";
import { ggmlLibraryFolder } from "../core/models/llama/libraries.ts";
import { hashFile } from "../core/workspace/hash.ts";
import { makeModel } from "./village/makeModel.ts";
import { recipeSizes, recipes } from "./village/recipe.ts";
import type { TrainingLogLine } from "./village/trainDemoModel.ts";

const { values } = parseArgs({
  options: { size: { type: "string" }, out: { type: "string" }, threads: { type: "string" } },
});
const { size, out, threads } = z
  .object({
    size: z.enum(recipeSizes).default("full"),
    out: z.string().default(join(import.meta.dirname, "..", "resources", "models", "village-q8_0.gguf")),
    threads: z.coerce.number().int().nonnegative().default(0),
  })
  .parse(values);
const recipe = recipes[size];
const started = performance.now();
const seconds = () => ((performance.now() - started) / 1000).toFixed(0);
const lines: TrainingLogLine[] = [];

const scratch = await mkdtemp(join(tmpdir(), "demo-model-"));
try {
  await makeModel({
    output: out,
    recipe,
    scratch,
    addon: loadNativeAddon(),
    libraries: ggmlLibraryFolder(),
    threads,
    log(line) {
      lines.push(line);
      const losses = Object.entries(line.loss).map(([kind, loss]) => `${kind} ${loss.toFixed(2)}`);
      console.log(`${seconds()} s, ${line.tokens} of ${recipe.tokens} tokens, loss ${losses.join(", ")}`);
    },
  });
} finally {
  await rm(scratch, { recursive: true, force: true });
}
const log = [{ recipe }, ...lines].map((line) => `${JSON.stringify(line)}\n`).join("");
await writeFile(out.replace(/\.gguf$/, ".training.jsonl"), log);
console.log(`${out}: ${(await stat(out)).size} bytes, sha256 ${await hashFile(out)}, ${seconds()} s`);
