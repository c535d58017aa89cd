import { join } from "node:path";
import type { NativeAddon } from "../../core/alignment/nativeTrainer.ts";
import { writeDemoBase } from "./demoBase.ts";
import { demoSeed } from "./demoData.ts";
import { demoVocabulary } from "./demoVocabulary.ts";
import type { Recipe } from "./recipe.ts";
import { renderText } from "./renderText.ts";
import { splitCombinations } from "./split.ts";
import { type TrainingLogLine, trainDemoModel } from "./trainDemoModel.ts";

export interface MakeModelOptions {
  /** Q8_0 GGUF to write. */
  readonly output: string;
  readonly recipe: Recipe;
  /** Folder for the random start and the trained F32 model. */
  readonly scratch: string;
  readonly addon: NativeAddon;
  /** Folder of the ggml libraries. */
  readonly libraries: string;
  /** 0 = all cores. */
  readonly threads: number;
  readonly log: (line: TrainingLogLine) => void;
}

/** Random start → SFT → Q8_0. Equal recipes give equal bytes on equal machines. */
export async function makeModel(options: MakeModelOptions): Promise<void> {
  const { addon, libraries, recipe, scratch, threads } = options;
  const model = join(scratch, "start.gguf");
  const trained = join(scratch, "trained.gguf");
  const vocabulary = demoVocabulary(renderText);
  await writeDemoBase(model, recipe, vocabulary);
  const trainer = await addon.openTrainer({ model, libraries, threads });
  try {
    const combinations = splitCombinations(demoSeed).corpus;
    await trainDemoModel(trainer, recipe, { combinations, vocabulary, render: renderText }, options.log);
    await trainer.saveModel(trained);
  } finally {
    await trainer.dispose();
  }
  await addon.quantize({ input: trained, output: options.output, type: "Q8_0", libraries, threads });
}
