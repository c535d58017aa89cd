/** Training before it starts: derived defaults, checks, memory, steps. */
import { freemem } from "node:os";
import { computeLoss } from "../alignment/losses/index.ts";
import { planSteps } from "../alignment/plan.ts";
import { type AlignConfig, alignConfig } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import type { efforts } from "../contract/workbench/align.ts";
import { gatherProblems, named, problemsOf } from "./checkSettings.ts";
import type { Library } from "./library.ts";
import { availableBytes } from "./processMemory.ts";
import type { ReaderClient } from "./reader/openReader.ts";
import { estimateTraining } from "./trainingMemory.ts";

type Effort = (typeof efforts)[number];

const presets: Record<Effort, { rank: number; epochs: number }> = {
  quick: { rank: 8, epochs: 1 },
  normal: { rank: 16, epochs: 2 },
  thorough: { rank: 32, epochs: 3 },
};
/** Below so many weights a model needs larger steps to move at all (measured on the demo's model). */
const smallModel = 20_000_000;
const smallModelRate = 2e-3;
/** Points of the evaluation curve, checkpoints: so many over a run. */
const pointsPerRun = 20;

export interface AlignTools {
  readonly library: Library;
  readonly reader: ReaderClient;
}

export async function alignDefaults(
  { model, data, effort }: { model: string | null; data: string | null; effort: Effort },
  { library, reader }: AlignTools,
) {
  const { rank, epochs } = presets[effort];
  const { model: _model, data: _data, ...defaults } = alignConfig.parse({ model: "", data: "" });
  const reasons = [
    { setting: "lora.rank", reason: `Effort ${effort}: rank ${rank}, alpha twice as much.` },
    { setting: "epochs", reason: `Effort ${effort}: every row is seen ${epochs === 1 ? "once" : `${epochs} times`}.` },
  ];
  const config = { ...defaults, lora: { ...defaults.lora, rank, alpha: 2 * rank }, epochs };
  const described = model === null ? null : await library.describe(model).catch(() => null);
  if (described !== null && described.parameters < smallModel) {
    config.optimizer = { ...config.optimizer, learningRate: smallModelRate };
    reasons.push({ setting: "optimizer.learningRate", reason: "A model this small needs larger steps." });
  }
  if (described?.contextLength != null && described.contextLength < config.maxLength) {
    config.maxLength = described.contextLength;
    reasons.push({ setting: "maxLength", reason: `The model reads ${described.contextLength} tokens at most.` });
  }
  const rows = data === null ? null : await reader.describe({ path: data }).catch(() => null);
  if (rows !== null) {
    const { steps } = planSteps(trainingRows(rows.rows, config), config);
    const every = Math.max(1, Math.round(steps / pointsPerRun));
    config.evaluateEvery = every;
    config.checkpointEvery = every;
    reasons.push({
      setting: "evaluateEvery",
      reason: `${steps} steps: a point of the curve and a checkpoint every ${every}.`,
    });
  }
  return { config: { ...config, ...(model === null ? {} : { model }), ...(data === null ? {} : { data }) }, reasons };
}

/** Never throws for what a person typed. */
export async function previewAlign(given: Readonly<Record<string, unknown>>, tools: AlignTools) {
  const parsed = alignConfig.safeParse(given);
  if (!parsed.success)
    return { problems: problemsOf(parsed.error, given), memory: null, steps: null, rows: null, parameters: null };
  const config = parsed.data;
  const problems = await gatherProblems(checksOf(config, tools));
  const description = await tools.library.describe(config.model).catch(() => null);
  const estimate = description === null ? null : estimateTraining(description, config, await availableBytes(freemem()));
  const data = await tools.reader.describe({ path: config.data }).catch(() => null);
  const { parameters = null, needed: _, ...memory } = estimate ?? {};
  return {
    problems,
    memory: estimate === null ? null : { ...(memory as Omit<typeof estimate, "parameters" | "needed">) },
    steps: data === null ? null : planSteps(trainingRows(data.rows, config), config).steps,
    rows: data?.rows ?? null,
    parameters,
  };
}

/** @throws FolkmootError naming the setting. */
export async function checkAlign(config: AlignConfig, tools: AlignTools): Promise<void> {
  for (const check of checksOf(config, tools)) await check();
}

function checksOf(config: AlignConfig, { library, reader }: AlignTools): (() => unknown)[] {
  return [
    () => named("loss", () => computeLoss([[-1], [-1]], [2, 1], config.loss)),
    () =>
      named("model", async () => {
        const { trainable } = await library.describe(config.model);
        if (trainable.possible) return;
        throw new FolkmootError("model-unsupported", {
          message: `${config.model} cannot be trained.`,
          ...(trainable.reason === null ? {} : { reason: trainable.reason }),
          action: "Choose another model.",
        });
      }),
    () => named("data", () => reader.describe({ path: config.data })),
  ];
}

/** About so many rows train when a share is held out: whole queries are, so it may be a few more. */
function trainingRows(rows: number, { evaluationShare }: Pick<AlignConfig, "evaluationShare">): number {
  return Math.max(1, rows - Math.round(evaluationShare * rows));
}
