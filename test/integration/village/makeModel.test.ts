import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadNativeAddon } from "../../../core/alignment/nativeAddon.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { ggmlLibraryFolder } from "../../../core/models/llama/libraries.ts";
import { openLanguageModel } from "../../../core/models/llama/loadedModel.ts";
import { observerPrompt } from "../../../core/society/prompts.ts";
import { makeModel } from "../../../scripts/village/makeModel.ts";
import { recipes } from "../../../scripts/village/recipe.ts";
import type { TrainingLogLine } from "../../../scripts/village/trainDemoModel.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "make-model-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function make(name: string): Promise<{ path: string; lines: TrainingLogLine[] }> {
  const scratch = join(folder, name);
  await mkdir(scratch);
  const path = join(folder, `${name}.gguf`);
  const lines: TrainingLogLine[] = [];
  const addon = loadNativeAddon();
  const log = (line: TrainingLogLine) => void lines.push(line);
  await makeModel({
    output: path,
    recipe: recipes.small,
    scratch,
    addon,
    libraries: ggmlLibraryFolder(),
    threads: 1,
    log,
  });
  return { path, lines };
}

function meanLoss(lines: readonly TrainingLogLine[]): number {
  const losses = lines.flatMap(({ loss }) => Object.values(loss));
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

test("our own trainer makes a model that learns the forms, the same one every time", async () => {
  const first = await make("first");
  const before = meanLoss(first.lines.slice(0, 3));
  expect(before).toBeGreaterThan(6);
  expect(meanLoss(first.lines.slice(-3))).toBeLessThan(before - 2);

  const { metadata, fileBytes } = await readGgufHeader(first.path);
  expect(metadata.get("general.architecture")).toBe("llama");
  expect(metadata.get("general.file_type")).toBe(7);
  expect(fileBytes).toBeLessThan(8 * 2 ** 20);

  const model = await openLanguageModel({ path: first.path, sequences: 2, contextSize: 512, threads: 1 });
  try {
    const rated = await model.rate({
      prompt: observerPrompt(
        "alignment",
        "I found Anna's ring on the road. What should I do?",
        "You should return it.",
      ),
      sampling: { temperature: 1, topP: 1, maxTokens: 24 },
      seed: 1,
      draw: null,
    });
    // A start that has learnt nothing spreads over all tokens; this one puts its ratings on the village's seven.
    expect(rated.rating).not.toBe(4);
    expect(rated.probabilities?.[3]).toBeLessThan(0.05);
  } finally {
    await model.dispose();
  }

  const second = await make("second");
  expect(second.lines).toEqual(first.lines);
  expect((await readFile(second.path)).equals(await readFile(first.path))).toBe(true);
});
