/** The trainer against PyTorch: log-probabilities, losses, every gradient tensor, five AdamW steps. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { computeLoss } from "../../../core/alignment/losses/index.ts";
import type { StableAlignmentSettings } from "../../../core/contract/alignment.ts";
import { trainableArchitectures } from "../../../core/models/trainable.ts";
import {
  type CaseMode,
  casePath,
  caseRow,
  compareFiles,
  largestDifference,
  openCase,
  openTrainer,
  type ReferenceCase,
  readCase,
  referenceStep,
} from "../../support/nativeCases.ts";
import { referenceCases, toleranceOf } from "../../support/referenceCases.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

function lossOf(reference: ReferenceCase, mode: CaseMode, logps: readonly (readonly number[])[]) {
  const [semantics, reduction] = mode.split("-") as [StableAlignmentSettings["semantics"], "sum" | "mean" | "max"];
  const { margin, ratio, ratingScale, scores } = reference;
  return computeLoss(logps, scores, { id: "stable-alignment", semantics, reduction, margin, ratio, ratingScale });
}

describe.each(referenceCases)("$name", ({ name, modes }) => {
  describe.each([
    { activations: "keep" },
    { activations: "recompute" },
    // The graph that a GPU computes.
    { activations: "keep", products: "ggml" },
  ] as const)("%o", (options) => {
    const within = toleranceOf(name, "products" in options);
    test.each(modes)("%s equals PyTorch", async (mode) => {
      const reference = await readCase(name);
      const trainer = await openCase(name, options);
      const [logps = []] = await trainer.forward([caseRow(reference)], { adapter: true, keep: true });
      expect(largestDifference(logps, reference.logps)).toBeLessThan(within.logps);

      const loss = lossOf(reference, mode, logps);
      const expected = reference.modes[mode];
      expect(loss.value).toBeCloseTo(expected.loss, within.digits);
      expect(loss.metrics.penalty).toBeCloseTo(expected.penalty, within.digits);
      for (const [i, nll] of loss.metrics.nll.entries())
        expect(nll).toBeCloseTo(expected.nll[i] as number, within.digits);

      await trainer.backward([loss.dLogp]);
      const gradients = join(await temporaryFolder(), "gradients.gguf");
      await trainer.saveGradients(gradients);
      for (const [tensor, error] of await compareFiles(gradients, casePath(name, `grads-${mode}.gguf`)))
        expect(error, tensor).toBeLessThan(within.gradients);
      const { gradNorm } = await trainer.step(referenceStep);
      expect(Math.abs(gradNorm / expected.grad_norm - 1)).toBeLessThan(within.gradients);
    });
  });

  test("five AdamW steps follow PyTorch's", async () => {
    const within = toleranceOf(name, false);
    const reference = await readCase(name);
    const trainer = await openCase(name);
    for (const expected of reference.adamw.loss_trace) {
      await trainer.zeroGradients();
      const [logps = []] = await trainer.forward([caseRow(reference)], { adapter: true, keep: true });
      const loss = lossOf(reference, "paper-mean", logps);
      expect(Math.abs(loss.value - expected)).toBeLessThan(within.trace);
      await trainer.backward([loss.dLogp]);
      await trainer.step(referenceStep);
    }
    const after = join(await temporaryFolder(), "after.gguf");
    await trainer.saveAdapter(after);
    const errors = await compareFiles(after, casePath(name, "adapter-after-5-steps.gguf"));
    for (const [tensor, error] of errors) expect(error, tensor).toBeLessThan(within.adapter);
  });
});

test("every architecture that can be trained has a case", async () => {
  const held = await Promise.all(referenceCases.map(async ({ name }) => (await readCase(name)).arch));
  expect([...new Set(held)].sort()).toEqual([...trainableArchitectures].sort());
});

test("the long rope factors of phi3 are not the short ones", async () => {
  const reference = await readCase("phi3-long");
  const trainer = await openTrainer(casePath("phi3-long", "model.gguf"));
  await trainer.loadAdapter(casePath("phi3-long", "adapter.gguf"));
  const [logps = []] = await trainer.forward([caseRow(reference)], { adapter: true, keep: false });
  expect(largestDifference(logps, reference.logps)).toBeGreaterThan(1e-2);
});
