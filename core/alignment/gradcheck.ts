/** Log-probabilities, loss and every LoRA gradient of one case, to be held against another implementation. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { LossSettings } from "../contract/alignment.ts";
import { complaintsOf } from "../contract/complaints.ts";
import { FolkmootError } from "../contract/errors.ts";
import type { gradcheckInput, gradcheckOutput } from "../contract/jobs.ts";
import { computeLoss } from "./losses/index.ts";
import type { NativeTrainer } from "./nativeTrainer.ts";

const tokens = z.array(z.number().int().nonnegative()).min(1);

/** A case file. Other fields (expected values) may stand in it. */
export const gradcheckCase = z
  .object({
    /** Token ids, beginning of sequence included where the model wants it. */
    query: tokens,
    responses: z.array(tokens).min(1),
    scores: z.array(z.number()),
    ratingScale: z.number().positive(),
    margin: z.number().nonnegative(),
    ratio: z.number().nonnegative(),
    /** Context that the model is served with; absent: within the original one. */
    contextLength: z.number().int().positive().optional(),
  })
  .refine((value) => value.scores.length === value.responses.length, {
    message: "responses and scores must have the same length",
    path: ["scores"],
  });
export type GradcheckCase = z.infer<typeof gradcheckCase>;

/**
 * One forward and one backward pass, without an update. The gradient is that of the case's loss, unscaled.
 * @param trainer opened on `input.model` with the context of the case; its adapter is replaced
 * @throws FolkmootError `adapter-mismatch`; the trainer's own
 */
export async function gradcheck(
  trainer: NativeTrainer,
  input: z.infer<typeof gradcheckInput>,
  checked: GradcheckCase,
): Promise<z.infer<typeof gradcheckOutput>> {
  await trainer.loadAdapter(input.adapter);
  const row = { query: checked.query, responses: checked.responses };
  const [logps = []] = await trainer.forward([row], { adapter: true, keep: true });
  const loss = computeLoss(logps, checked.scores, lossOf(input.mode, checked));
  await trainer.backward([loss.dLogp]);
  if (input.grads !== null) await trainer.saveGradients(input.grads);
  // A step of size zero changes no weight and tells the norm.
  const { gradNorm } = await trainer.step({
    learningRate: 0,
    beta1: 0,
    beta2: 0,
    epsilon: 1,
    weightDecay: 0,
    gradientScale: 1,
    clipNorm: 0,
  });
  return { logps, loss: loss.value, nll: [...loss.metrics.nll], penalty: loss.metrics.penalty, gradNorm };
}

function lossOf(mode: z.infer<typeof gradcheckInput>["mode"], checked: GradcheckCase): LossSettings {
  if (mode === "sft") return { id: "sft" };
  const [semantics, reduction] = mode.split("-") as ["paper" | "reference", "sum" | "mean" | "max"];
  const { margin, ratio, ratingScale } = checked;
  return { id: "stable-alignment", semantics, reduction, margin, ratio, ratingScale };
}

/** @throws FolkmootError `data-not-found`, `data-corrupt` */
export async function readGradcheckCase(path: string): Promise<GradcheckCase> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "EISDIR") throw error;
    throw new FolkmootError(
      "data-not-found",
      { message: `There is no case at ${path}.`, action: "Check the path.", details: { path } },
      { cause: error },
    );
  }
  try {
    return gradcheckCase.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError ? `${complaintsOf(error.issues)}.` : "It is not JSON.";
    throw new FolkmootError(
      "data-corrupt",
      {
        message: `${path} is not a case for gradcheck.`,
        reason,
        action: "Give query, responses (token ids), scores, ratingScale, margin and ratio.",
        details: { path },
      },
      { cause: error },
    );
  }
}
