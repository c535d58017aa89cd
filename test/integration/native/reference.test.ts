/** The trainer against PyTorch: log-probabilities, losses, every gradient tensor, five AdamW steps. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { computeLoss } from "../../../core/alignment/losses/index.ts";
import type { StableAlignmentSettings } from "../../../core/contract/alignment.ts";
import {
  type CaseMode,
  caseModes,
  casePath,
  caseRow,
  compareFiles,
  largestDifference,
  openTrainer,
  type ReferenceCase,
  readCase,
  referenceStep,
  relativeError,
} from "../../support/nativeCases.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

function lossOf(reference: ReferenceCase, mode: CaseMode, logps: readonly (readonly number[])[]) {
  const [semantics, reduction] = mode.split("-") as [StableAlignmentSettings["semantics"], "sum" | "mean" | "max"];
  const { margin, ratio, ratingScale, scores } = reference;
  return computeLoss(logps, scores, { id: "stable-alignment", semantics, reduction, margin, ratio, ratingScale });
}

/** ggml's GELU on the CPU reads an F16 table, so Gemma agrees less (facts of the reference). */
const exact = { logps: 1e-5, gradients: 1e-4, trace: 1e-5, digits: 5 };
const gelu = { logps: 5e-4, gradients: 5e-3, trace: 1e-3, digits: 3 };

describe.each([
  { name: "llama", within: exact },
  { name: "llama-order", within: exact },
  { name: "llama-wide", within: exact },
  { name: "qwen2", within: exact },
  { name: "qwen3", within: exact },
  { name: "phi3", within: exact },
  { name: "gemma3", within: gelu },
  { name: "gemma3-window", within: gelu },
])("$name", ({ name, within }) => {
  describe.each(["keep", "recompute"] as const)("activations: %s", (activations) => {
    test.each(caseModes)("%s equals PyTorch", async (mode) => {
      const reference = await readCase(name);
      const trainer = await openTrainer(casePath(name, "model.gguf"), { activations });
      await trainer.loadAdapter(casePath(name, "adapter.gguf"));
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
      for (const [tensor, error] of await compareFiles(gradients, casePath(name, `grads-${mode}.gguf`), relativeError))
        expect(error, tensor).toBeLessThan(within.gradients);
      const { gradNorm } = await trainer.step(referenceStep);
      expect(Math.abs(gradNorm / expected.grad_norm - 1)).toBeLessThan(within.gradients);
    });
  });

  test("five AdamW steps follow PyTorch's", async () => {
    const reference = await readCase(name);
    const trainer = await openTrainer(casePath(name, "model.gguf"));
    await trainer.loadAdapter(casePath(name, "adapter.gguf"));
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
    const errors = await compareFiles(after, casePath(name, "adapter-after-5-steps.gguf"), relativeError);
    for (const [tensor, error] of errors) expect(error, tensor).toBeLessThan(within.gradients);
  });
});
