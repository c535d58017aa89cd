/**
 * Measures the demo model on held-out combinations: `node scripts/checkDemoModel.ts [--model FILE.gguf]
 * [--cases 300] [--threads N]`. Prints one JSON object with the wanted bounds and ends with 1 where one is missed.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { openLanguageModel } from "../core/models/llama/loadedModel.ts";
import { demoSeed } from "./village/demoData.ts";
import { type DemoModelMeasure, measureDemoModel } from "./village/measureDemoModel.ts";
import { splitCombinations } from "./village/split.ts";

/** [least, most]. */
const bounds: Readonly<Record<keyof DemoModelMeasure, readonly [number, number]>> = {
  goodWithoutMemory: [0.4, 0.6],
  undecided: [0, 0.15],
  followsGood: [0.8, 1],
  followsBad: [0.8, 1],
  observerRatings: [0.9, 1],
  peerRatings: [0.9, 1],
  engagementRatings: [0.9, 1],
  revisesBad: [0.8, 1],
  keepsGood: [0.8, 1],
};

const { values } = parseArgs({
  options: { model: { type: "string" }, cases: { type: "string" }, threads: { type: "string" } },
});
const options = z
  .object({
    model: z.string().default(join(import.meta.dirname, "..", "resources", "models", "village-q8_0.gguf")),
    cases: z.coerce.number().int().positive().default(300),
    threads: z.coerce.number().int().nonnegative().default(0),
  })
  .parse(values);

const { heldout, prior } = splitCombinations(demoSeed);
const model = await openLanguageModel({
  path: options.model,
  sequences: 32,
  contextSize: 512,
  threads: options.threads,
});
try {
  const measure = await measureDemoModel(model, { heldOut: heldout, memories: prior, seed: 1, cases: options.cases });
  const rows = Object.entries(measure).map(([name, value]: [string, number]) => {
    const [least, most] = bounds[name as keyof DemoModelMeasure];
    return [name, { value, wanted: [least, most], met: value >= least && value <= most }] as const;
  });
  console.log(JSON.stringify(Object.fromEntries(rows), null, 2));
  process.exitCode = rows.every(([, { met }]) => met) ? 0 : 1;
} finally {
  await model.dispose();
}
