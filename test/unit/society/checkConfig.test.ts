import { expect, test } from "vitest";
import { type SocietyConfigInput, societyConfig } from "../../../core/contract/society.ts";
import { checkConfig } from "../../../core/society/checkConfig.ts";
import { FakeLanguageModel } from "../../support/fakeLanguageModel.ts";
import { societyIn, societyMaterial } from "../../support/societyRun.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

function refusedSetting(settings: Partial<SocietyConfigInput>): unknown {
  const config = societyConfig.parse({ questions: { path: "q.txt" }, populations: [{ model: "m" }], ...settings });
  try {
    checkConfig(config);
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: "bad-setting" });
    const { setting } = (error as { details: { setting: string } }).details;
    expect((error as Error).message.startsWith(`${setting}: `)).toBe(true);
    return setting;
  }
}

test("the defaults work, and so does every grid on which peers can be found", () => {
  expect(refusedSetting({})).toBeUndefined();
  expect(refusedSetting({ grid: { rows: 1, columns: 1 } })).toBeUndefined();
  expect(refusedSetting({ grid: { rows: 3, columns: 3 } })).toBeUndefined();
  expect(refusedSetting({ grid: { rows: 40, columns: 40 }, peers: 16 })).toBeUndefined();
  expect(refusedSetting({ grid: { rows: 2, columns: 2 }, peers: 0, dropout: 1 })).toBeUndefined();
  expect(refusedSetting({ grid: { rows: 2, columns: 3 }, interaction: "global", peers: 5 })).toBeUndefined();
});

test("what cannot work is refused by its name", () => {
  expect(refusedSetting({ grid: { rows: 2, columns: 3 }, interaction: "global", peers: 6 })).toBe("peers");
  expect(refusedSetting({ grid: { rows: 2, columns: 2 } })).toBe("peers");
  expect(refusedSetting({ radius: 0.9 })).toBe("radius");
  expect(refusedSetting({ dropout: 1 })).toBe("dropout");
  expect(refusedSetting({ semantics: "reference" })).toBe("semantics");
  expect(refusedSetting({ memory: { embedder: "/models/embed.gguf" } })).toBe("memory.embedder");
  expect(refusedSetting({ sampling: { topP: 0 } })).toBe("sampling.topP");
  expect(refusedSetting({ personas: ["A miller.", " "] })).toBe("personas.1");
  expect(refusedSetting({ populations: [{ model: "a", share: 1000 }, { model: "b" }] })).toBe("populations.1.share");
});

test("what the files or models cannot give is refused before a model is asked", async () => {
  const folder = await temporaryFolder();
  const model = new FakeLanguageModel({ contextSize: 256 });
  const models = { population: [model], observer: model };
  const pairs = await societyMaterial(folder, { sampling: { maxTokens: 64 } });
  const tooMany = { ...pairs, priorMemory: { ...pairs.priorMemory, pairs: 26 } };
  await expect(societyIn(`${folder}/a`, tooMany, { models })).rejects.toMatchObject({
    code: "bad-setting",
    message: expect.stringContaining("25"),
    details: { setting: "priorMemory.pairs" },
  });
  const tooLong = { ...pairs, sampling: { ...pairs.sampling, maxTokens: 256 } };
  await expect(societyIn(`${folder}/b`, tooLong, { models })).rejects.toMatchObject({
    code: "bad-setting",
    details: { setting: "sampling.maxTokens" },
  });
  expect(model.calls).toBe(0);
});
