/** A job's models: what is one model in memory is loaded once, whichever name it was given. */
import { expect, onTestFinished, test } from "vitest";
import { ModelSet } from "../../../core/host/modelSet.ts";
import { casePath } from "../../support/nativeCases.ts";
import { splitModel } from "../../support/splitModel.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

test("two populations that name different parts of one split model share its weights and their context", async () => {
  const [first = "", second = "", third = ""] = await splitModel(
    casePath("llama", "model.gguf"),
    await temporaryFolder(),
  );
  const models = new ModelSet({ sequences: 1, threads: 1 });
  onTestFinished(() => models[Symbol.asyncDispose]());
  const one = await models.get({ model: second, adapter: null });
  expect(await models.get({ model: third, adapter: null })).toBe(one);
  expect(await models.get({ model: first, adapter: null })).toBe(one);
  const adapter = casePath("llama", "adapter.gguf");
  const tuned = await models.get({ model: second, adapter });
  expect(tuned).not.toBe(one);
  expect(await models.get({ model: third, adapter })).toBe(tuned);
});
