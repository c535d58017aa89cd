import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Sampling } from "../../../core/contract/society.ts";
import type { LanguageModel, Prompt } from "../../../core/models/languageModel.ts";
import { type LoadedModel, loadModel } from "../../../core/models/llama/loadedModel.ts";
import { adapterFile, f32Model, q8Model } from "./fixtures.ts";

const sampling: Sampling = { temperature: 1, topP: 1, maxTokens: 24 };

/** A dozen drafts of different lengths and three groups of four raters who share a prompt. */
function workload(model: LanguageModel): Promise<unknown>[] {
  const drafts = Array.from({ length: 12 }, (_, i) =>
    model.generate({
      prompt: { instruction: `Say something about ${"plums and ".repeat(i % 5)}pears.` },
      sampling: { ...sampling, maxTokens: 5 + ((i * 7) % 23) },
      seed: i,
    }),
  );
  const ratings = Array.from({ length: 12 }, (_, i) =>
    model.rate({ prompt: raterPrompt(Math.floor(i / 4), i % 4), sampling, seed: 100 + i, draw: (i * 0.37) % 1 }),
  );
  return [...drafts, ...ratings];
}

function raterPrompt(group: number, rater: number): Prompt {
  return {
    instruction: "Rate the answer.",
    sharedInput: `Question: what of ${group}?\nAnswer: ${"it is long, ".repeat(1 + group * 12)}that is all.`,
    ownInput: `You are agent ${rater}.`,
    responseStart: "Rating: ",
  };
}

async function withModel<T>(
  options: { path: string; sequences: number; adapter?: string },
  use: (model: LanguageModel) => Promise<T>,
): Promise<T> {
  await using weights = await loadModel({ ...options, threads: 1, contextSize: 512 });
  return await use(await weights.speak(options.adapter ?? null));
}

describe.each([
  ["F32", { path: f32Model }],
  ["Q8_0", { path: q8Model }],
  ["Q8_0 with an adapter", { path: q8Model, adapter: adapterFile }],
])("equal seeds give equal completions: %s", (_, files) => {
  let alone: unknown[];
  beforeAll(async () => {
    alone = await withModel({ ...files, sequences: 1 }, (model) => Promise.all(workload(model)));
  });

  it.each([3, 8, 16])("with %i sequences as with one", async (sequences) => {
    expect(await withModel({ ...files, sequences }, (model) => Promise.all(workload(model)))).toEqual(alone);
  });

  it("when calls come one after the other, in another order, or twice", async () => {
    await withModel({ ...files, sequences: 8 }, async (model) => {
      const first = await Promise.all(workload(model));
      expect(first).toEqual(alone);
      const backwards = await Promise.all([...workload(model)].reverse());
      expect(backwards.reverse()).toEqual(alone);
      const rated = await model.rate({ prompt: raterPrompt(1, 2), sampling, seed: 106, draw: (6 * 0.37) % 1 });
      expect(rated).toEqual(alone[18]);
    });
  });
});

describe("contexts of one copy of the weights", () => {
  let weights: LoadedModel;
  beforeAll(async () => {
    weights = await loadModel({ path: f32Model, sequences: 4, threads: 1, contextSize: 512 });
  });
  afterAll(() => weights.dispose());

  it("speak with their own adapter, side by side, as they do by themselves", async () => {
    const [base, aligned] = [await weights.speak(null), await weights.speak(adapterFile)];
    const request = { prompt: { instruction: "Tell me." }, sampling, seed: 5 };
    const [plain, tuned] = await Promise.all([base.generate(request), aligned.generate(request)]);
    expect(tuned.text).not.toBe(plain.text);
    expect(await base.generate(request)).toEqual(plain);
    expect(await aligned.generate(request)).toEqual(tuned);
    const byItself = await withModel({ path: f32Model, sequences: 1, adapter: adapterFile }, (model) =>
      model.generate(request),
    );
    expect(byItself).toEqual(tuned);
    expect([base.adapterHash, aligned.adapterHash?.length]).toEqual([null, 64]);
  });
});
