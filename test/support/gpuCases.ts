/** A reference case on a device that rounds otherwise than the processor. */
import { join } from "node:path";
import { expect } from "vitest";
import { computeLoss } from "../../core/alignment/losses/index.ts";
import type { OpenOptions } from "../../core/alignment/nativeTrainer.ts";
import type { StableAlignmentSettings } from "../../core/contract/alignment.ts";
import {
  type CaseMode,
  casePath,
  caseRow,
  compareFiles,
  largestDifference,
  openCase,
  readCase,
  referenceStep,
} from "./nativeCases.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

/** Log-probabilities, every gradient tensor, and the norm that an AdamW step reports. */
export async function gradcheckCase(
  name: string,
  mode: CaseMode,
  options: Partial<OpenOptions>,
  within: { readonly logps: number; readonly gradients: number },
): Promise<void> {
  const reference = await readCase(name);
  const { margin, ratio, ratingScale, scores } = reference;
  const [semantics, reduction] = mode.split("-") as [StableAlignmentSettings["semantics"], "sum" | "mean" | "max"];
  const trainer = await openCase(name, options);
  const [logps = []] = await trainer.forward([caseRow(reference)], { adapter: true, keep: true });
  expect(largestDifference(logps, reference.logps)).toBeLessThan(within.logps);

  const settings = { id: "stable-alignment" as const, semantics, reduction, margin, ratio, ratingScale };
  await trainer.backward([computeLoss(logps, scores, settings).dLogp]);
  const gradients = join(await temporaryFolder(), "gradients.gguf");
  await trainer.saveGradients(gradients);
  for (const [tensor, error] of await compareFiles(gradients, casePath(name, `grads-${mode}.gguf`)))
    expect(error, tensor).toBeLessThan(within.gradients);
  const { gradNorm } = await trainer.step(referenceStep);
  expect(Math.abs(gradNorm / reference.modes[mode].grad_norm - 1)).toBeLessThan(within.gradients);
}
