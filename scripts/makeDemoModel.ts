/**
 * Makes the demo model from the village's grammar with our own trainer and nothing else: random start → SFT → merged →
 * Q8_0. `npm run make:demo-model [-- --size small] [--out FILE.gguf] [--threads N]`. Writes the model and, beside it,
 * the log of its training.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { loadNativeAddon } from "../core/alignment/nativeAddon.ts";
import { ggmlLibraryFolder } from "../core/models/llama/libraries.ts";
import { templateFormatter } from "../core/models/promptFormat.ts";
import { writeDemoBase } from "./village/demoBase.ts";
import { demoSeed } from "./village/demoData.ts";
import { demoVocabulary } from "./village/demoVocabulary.ts";
import { type Recipe, recipeSizes, recipes } from "./village/recipe.ts";
import { splitCombinations } from "./village/split.ts";
import { type TrainingLogLine, trainDemoModel } from "./village/trainDemoModel.ts";

const resources = join(import.meta.dirname, "..", "resources", "models");
const { values } = parseArgs({
  options: { size: { type: "string" }, out: { type: "string" }, threads: { type: "string" } },
});
const options = z
  .object({
    size: z.enum(recipeSizes).default("full"),
    out: z.string().default(join(resources, "village-q8_0.gguf")),
    threads: z.coerce.number().int().nonnegative().default(0),
  })
  .parse(values);

await using scratch = await temporaryFolder();
const started = performance.now();
const lines = await makeModel(options.out, recipes[options.size], scratch.path);
const digest = createHash("sha256")
  .update(await readFile(options.out))
  .digest("hex");
const { size } = await stat(options.out);
await writeFile(
  options.out.replace(/\.gguf$/, ".training.jsonl"),
  [{ recipe: recipes[options.size] }, ...lines].map((line) => `${JSON.stringify(line)}\n`).join(""),
);
console.log(`${options.out}: ${size} bytes, sha256 ${digest}, ${seconds().toFixed(0)} s`);

async function makeModel(output: string, recipe: Recipe, folder: string): Promise<TrainingLogLine[]> {
  const addon = loadNativeAddon();
  const libraries = ggmlLibraryFolder();
  const formatter = templateFormatter();
  const render = (prompt: Parameters<typeof formatter.render>[0]) => {
    const { shared, own } = formatter.render(prompt);
    return shared + own;
  };
  const vocabulary = demoVocabulary(render);
  const paths = {
    model: join(folder, "start.gguf"),
    adapter: join(folder, "adapter.gguf"),
    merged: join(folder, "merged.gguf"),
  };
  await writeDemoBase(paths.model, recipe, vocabulary);

  const lines: TrainingLogLine[] = [];
  const trainer = await addon.openTrainer({ model: paths.model, libraries, threads: options.threads });
  try {
    const combinations = splitCombinations(demoSeed).corpus;
    await trainDemoModel(trainer, recipe, { combinations, vocabulary, render }, (line) => {
      lines.push(line);
      const losses = Object.entries(line.loss).map(([kind, loss]) => `${kind} ${loss.toFixed(2)}`);
      console.log(`${seconds().toFixed(0)} s, ${line.tokens} of ${recipe.tokens} tokens, loss ${losses.join(", ")}`);
    });
    await trainer.saveAdapter(paths.adapter);
  } finally {
    await trainer.dispose();
  }
  await addon.mergeAdapter({ model: paths.model, adapter: paths.adapter, output: paths.merged, libraries });
  await addon.quantize({ input: paths.merged, output, type: "Q8_0", libraries, threads: options.threads });
  return lines;
}

function seconds(): number {
  return (performance.now() - started) / 1000;
}

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), "demo-model-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
