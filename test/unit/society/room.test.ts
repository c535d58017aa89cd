import { join } from "node:path";
import { expect, test } from "vitest";
import { interactionRecord } from "../../../core/contract/interaction.ts";
import { FakeLanguageModel } from "../../support/fakeLanguageModel.ts";
import { societyIn, societyMaterial } from "../../support/societyRun.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const maxTokens = 40;

/** A society whose every answer is as long as it may be, in contexts of so many tokens. */
async function society(contextSize: number) {
  const folder = await temporaryFolder();
  const settings = { sampling: { maxTokens }, rounds: 2, personas: ["A miller who says little.", "A nurse."] };
  const model = new FakeLanguageModel({ contextSize, answer: () => Array(maxTokens).fill("word").join(" ") });
  const config = await societyMaterial(folder, settings);
  const { text, events } = await societyIn(join(folder, "run"), config, {
    models: { population: [model], observer: model },
  });
  const calls = text
    .trim()
    .split("\n")
    .flatMap((line) => interactionRecord.parse(JSON.parse(line)).calls);
  const ratings = calls.filter(({ role }) => role === "feedback" || role.startsWith("observer"));
  const warning = events.find((event) => event.type === "warning" && event.message.includes("context"));
  return { longest: Math.max(...ratings.map(({ promptTokens }) => promptTokens)), warning };
}

test("a context that holds the longest ratings raises no word; one that may not says what to lower, and to what", async () => {
  const roomy = await society(4096);
  expect(roomy.warning).toBeUndefined();
  const { warning } = await society(roomy.longest - 1);
  expect(warning).toMatchObject({
    message: expect.stringMatching(/answers of up to 40.*Lower sampling\.maxTokens to \d+, or raise contextLength/),
    details: { setting: "sampling.maxTokens", contextSize: roomy.longest - 1 },
  });
  // What it names is enough: two answers and 8 spare tokens beside the same prompt.
  const { most, longestAnswer } = (warning as unknown as { details: { most: number; longestAnswer: number } }).details;
  expect(most).toBeGreaterThanOrEqual(roomy.longest);
  expect(most).toBeLessThan(roomy.longest + 16);
  expect(most - 2 * (maxTokens - longestAnswer)).toBeLessThanOrEqual(roomy.longest - 1);
  expect((await society(most)).warning).toBeUndefined();
});

test("a context that does not even hold the bare prompts is refused before anything is asked", async () => {
  const folder = await temporaryFolder();
  const model = new FakeLanguageModel({ contextSize: 45 });
  const config = await societyMaterial(folder, { sampling: { maxTokens: 4 } });
  const running = societyIn(join(folder, "run"), config, { models: { population: [model], observer: model } });
  await expect(running).rejects.toMatchObject({
    code: "bad-setting",
    message: expect.stringMatching(/^contextLength: the context holds 45 tokens, and .* takes \d+\.$/),
    details: { setting: "contextLength" },
  });
  expect(model.calls).toBe(0);
});
