/** Training before it starts: derived defaults, checks, memory, steps. */
import {
  checkEarlyStop,
  checkLora,
  checkMixture,
  checkPairs,
  checkPrompts,
  checkShape,
  noPairs,
} from "../alignment/checkJob.ts";
import { type EffortModel, planEffort } from "../alignment/effort.ts";
import { computeLoss } from "../alignment/losses/index.ts";
import { checkCard } from "../alignment/memory/card.ts";
import { planSteps } from "../alignment/plan.ts";
import { type AlignConfig, alignConfig, type Effort, lossSettings } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import { gatherProblems, named, problemsOf } from "./checkSettings.ts";
import type { Gpus } from "./gpus.ts";
import type { Library } from "./library.ts";
import type { ReaderClient } from "./reader/openReader.ts";
import type { RowCounts } from "./rowCounts.ts";
import { trainingMemoryOf } from "./trainingMemory.ts";

/** Points of the evaluation curve, checkpoints: so many over a run. */
const pointsPerRun = 20;

export interface AlignTools {
  readonly library: Library;
  readonly reader: ReaderClient;
  /** Folder in which trainings leave what they took of the memory. */
  readonly cache: string;
  readonly gpus: Pick<Gpus, "list">;
  readonly rowCounts: Pick<RowCounts, "of">;
}

export interface DerivedFrom {
  readonly model: string | null;
  readonly data: string | null;
  readonly loss: unknown;
  readonly effort: Effort;
  /** Settings as somebody set them, nested: the config holds what would be derived instead, and all else fits them. */
  readonly byHand?: Readonly<Record<string, unknown>>;
}

export async function alignDefaults(from: DerivedFrom, { library, reader }: AlignTools) {
  const { model, data, effort, byHand = {} } = from;
  const { model: _model, data: _data, ...defaults } = alignConfig.parse({ model: "", data: "" });
  const loss = lossSettings.safeParse(from.loss).data ?? defaults.loss;
  const plan = planEffort(effort, { loss, model: await effortModel(model, library), byHand });
  const { optimizer, ...planned } = plan.settings;
  const reasons = [...plan.reasons];
  const config = { ...defaults, ...planned, optimizer: { ...defaults.optimizer, ...optimizer } };
  const described = model === null ? null : await library.describe(model).catch(() => null);
  if (described?.contextLength != null && described.contextLength < config.maxLength) {
    config.maxLength = described.contextLength;
    reasons.push({ setting: "maxLength", reason: `The model reads ${described.contextLength} tokens at most.` });
  }
  const steps = data === null ? 0 : await stepsOf(data, withSteps({ ...config, loss }, byHand), reader);
  if (steps > 0) {
    const every = Math.max(1, Math.round(steps / pointsPerRun));
    config.evaluateEvery = every;
    config.checkpointEvery = every;
    reasons.push(
      { setting: "evaluateEvery", reason: `${steps} steps: a point of the curve every ${every}.` },
      { setting: "checkpointEvery", reason: `${steps} steps: a checkpoint every ${every}.` },
    );
  }
  return { config: { ...config, ...(model === null ? {} : { model }), ...(data === null ? {} : { data }) }, reasons };
}

/** Null where it cannot be told: what is wrong with the file is said where it is chosen. */
async function effortModel(path: string | null, library: Library): Promise<EffortModel | null> {
  if (path === null) return null;
  try {
    const [shape, { parameters }] = await Promise.all([library.trainingShape(path), library.describe(path)]);
    return { ...shape, weights: parameters };
  } catch {
    return null;
  }
}

type StepSettings = Parameters<typeof planOf>[1] & Parameters<typeof planSteps>[1];

/** With those settings by hand that decide how many steps there are, as far as they can be used. */
function withSteps<Settings extends StepSettings>(settings: Settings, byHand: Readonly<Record<string, unknown>>) {
  const names = ["epochs", "accumulation", "maxSteps", "evaluationShare", "seed"] as const;
  const set = Object.fromEntries(names.flatMap((name) => (name in byHand ? [[name, byHand[name]]] : [])));
  return alignConfig.safeParse({ ...settings, ...set, model: "", data: "" }).data ?? settings;
}

/** 0 while the rows cannot be read. */
async function stepsOf(data: string, settings: StepSettings, reader: ReaderClient): Promise<number> {
  const planned = await planOf(data, settings, reader);
  return planned === null || planned.training === 0 ? 0 : planSteps(planned.training, settings).steps;
}

/**
 * Never throws for what a person typed. Before data are chosen, the memory is told for any rows; where a setting is
 * refused, no figure is told that is made from it.
 */
export async function previewAlign(given: Readonly<Record<string, unknown>>, tools: AlignTools) {
  const whole = alignConfig.safeParse(given);
  const gaps = whole.success ? [] : problemsOf(whole.error, given);
  const config = whole.data ?? alignConfig.safeParse({ ...given, data: "" }).data;
  if (config === undefined) return { problems: gaps, memory: null, steps: null, rows: null, parameters: null };
  const shape = await tools.library.trainingShape(config.model).catch(() => null);
  const forecast = shape === null ? null : await trainingMemoryOf(shape, config, tools);
  const problems = whole.success ? await gatherProblems(checksOf(config, tools)) : gaps;
  const stands = (figure: keyof typeof madeFrom) => !problems.some(({ setting }) => isOf(setting, madeFrom[figure]));
  const rows = whole.success && stands("rows") ? await planOf(config.data, config, tools.reader) : null;
  return {
    problems,
    memory: forecast !== null && stands("memory") ? forecast.memory : null,
    steps: rows === null || rows.training === 0 ? null : planSteps(rows.training, config).steps,
    rows,
    parameters: forecast !== null && stands("parameters") ? forecast.parameters : null,
  };
}

/** Settings that each figure is made from, of those that a check may refuse; data that are not chosen hold up nothing. */
const madeFrom = {
  parameters: ["model", "lora"],
  memory: ["model", "lora", "gpu", "loss", "maxRejected"],
  rows: ["loss"],
} as const;

function isOf(setting: string, names: readonly string[]): boolean {
  return names.some((name) => setting === name || setting.startsWith(`${name}.`));
}

/** Bytes of the machine's memory that a training takes: of one on a card, the file. @throws as `trainingShape` */
export async function neededForAlign(config: AlignConfig, tools: AlignTools): Promise<number> {
  const shape = await tools.library.trainingShape(config.model);
  const { memory } = await trainingMemoryOf(shape, config, tools);
  return memory.card === null ? memory.total : shape.fileBytes;
}

/** @throws FolkmootError naming the setting. */
export async function checkAlign(config: AlignConfig, tools: AlignTools): Promise<void> {
  for (const check of checksOf(config, tools)) await check();
}

function checksOf(config: AlignConfig, { library, reader, gpus }: AlignTools): (() => unknown)[] {
  return [
    () => named("gpu", async () => checkCard(config, config.gpu === "off" ? [] : await gpus.list())),
    () => named("loss", () => computeLoss([[-1], [-1]], [2, 1], config.loss)),
    () => checkLora(config.lora),
    async () => {
      const shape = await library.trainingShape(config.model).catch(() => null);
      if (shape !== null) checkShape(config, shape);
    },
    () => checkMixture(config.loss),
    () => checkPairs(config),
    () => checkPrompts(config.samples),
    () => checkEarlyStop(config),
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
    () =>
      named("data", async () => {
        const { loss, evaluationShare, seed, data } = config;
        const { training, pairless } = await reader.plannedRows({
          path: data,
          config: { loss, evaluationShare, seed },
        });
        if (training === 0 && pairless > 0) throw noPairs(loss, data);
      }),
  ];
}

/** Null while the file cannot be read; why stands among the problems. */
function planOf(path: string, config: Pick<AlignConfig, "loss" | "evaluationShare" | "seed">, reader: ReaderClient) {
  const { loss, evaluationShare, seed } = config;
  return reader.plannedRows({ path, config: { loss, evaluationShare, seed } }).catch(() => null);
}
