/** Which settings to lower, and to what, so that a training fits the memory there is. Pure. */
import { FolkmootError } from "../../contract/errors.ts";
import { isBinding } from "../../workspace/runId.ts";
import { type Estimator, estimateMemory, type MemoryEstimate, type MemorySettings } from "./estimate.ts";
import { fewerGpuLayers, gpuWeights } from "./gpuLayers.ts";
import type { TrainingShape } from "./shape.ts";

export interface Machine {
  /** Bytes that the training can have. */
  readonly available: number;
  /** Bytes of the whole machine. */
  readonly total: number;
}

export interface Advice {
  /** Settings to change, by their path; empty when they fit as they are. */
  readonly changes: Readonly<Record<string, string | number>>;
  readonly estimate: MemoryEstimate;
  /** Whether the changes are enough. */
  readonly fits: boolean;
}

interface Step {
  readonly path: string;
  readonly values: readonly (string | number)[];
  current(settings: MemorySettings): string | number;
  apply(settings: MemorySettings, value: string | number): MemorySettings;
}

/** In the order of what they cost: first time alone, then what is learned. */
const steps: readonly Step[] = [
  {
    path: "activations",
    values: ["recompute"],
    current: ({ activations }) => activations,
    apply: (settings) => ({ ...settings, activations: "recompute" }),
  },
  numeric("batchTokens", [512, 256, 128], "batchTokens"),
  numeric("maxRejected", [2, 1], "maxRejected"),
  numeric("maxLength", [384, 256, 192, 128, 64], "maxLength"),
  {
    path: "lora.rank",
    values: [16, 8, 4],
    current: ({ lora }) => lora.rank,
    apply: (settings, value) => ({ ...settings, lora: { ...settings.lora, rank: Number(value) } }),
  },
];

/** Changes one setting after the other, each to its largest value that is enough, until the training fits. */
export function adviseMemory(
  shape: TrainingShape,
  settings: MemorySettings,
  machine: Machine,
  estimator: Estimator = estimateMemory,
): Advice {
  const estimateOf = (changed: MemorySettings) => estimator(shape, changed, machine.total);
  const changes: Record<string, string | number> = {};
  let current = settings;
  let estimate = estimateOf(current);
  // Twice: fewer rivals or shorter rows may be what lets a smaller batch count.
  for (const { path, values, current: read, apply } of [...steps, ...steps])
    for (const value of values) {
      const before = read(current);
      const isLower = typeof before === "number" && before <= Number(value);
      if (estimate.total <= machine.available || before === value || isLower) continue;
      const lowered = apply(current, value);
      const less = estimateOf(lowered);
      if (less.total >= estimate.total) continue;
      [current, estimate] = [lowered, less];
      changes[path] = value;
    }
  return { changes, estimate, fits: estimate.total <= machine.available };
}

/**
 * The one thing to do, in the imperative; first what the same run takes.
 *
 * @param isMade whether there is a run already, which is held to its settings
 */
export function adviceText({ changes, estimate, fits }: Advice, isMade: boolean): string {
  if (!fits || Object.keys(changes).length === 0)
    return `Choose a smaller model or a stronger quantization, or close other programs: even with the lowest settings it takes about ${mebibytes(estimate.total)}.`;
  const named = (binding: boolean) =>
    Object.entries(changes)
      .filter(([path]) => isBinding(path) === binding)
      .map(([path, value]) => `${path} to ${value}`);
  const another = named(true).length > 0 && isMade ? ", in a run of its own (another --out)" : "";
  return `Set ${[...named(false), ...named(true)].join(", ")}${another}: then it takes about ${mebibytes(estimate.total)}.`;
}

/**
 * An `out-of-memory` of the trainer, or a GPU's, with what to lower and to what; any other error stays as it is. On a
 * GPU fewer layers are what helps, as long as there are any.
 *
 * @param gpuLayers layers that lived on the GPU. Default: as many as the settings say
 */
export function explainOutOfMemory(
  error: unknown,
  shape: TrainingShape,
  settings: MemorySettings,
  machine: Machine,
  gpuLayers = settings.gpuLayers === "auto" ? shape.layers : Math.min(settings.gpuLayers, shape.layers),
): unknown {
  const { code, reason } = (error ?? {}) as Partial<FolkmootError>;
  if (code !== "out-of-memory" && code !== "gpu-out-of-memory") return error;
  if (code === "gpu-out-of-memory" && gpuLayers > 0) return explainFullGpu(error as FolkmootError, shape, gpuLayers);
  const onGpu = code === "gpu-out-of-memory";
  const needed = estimateMemory(shape, settings, machine.total).total;
  // It did not fit, whatever the system had said was free.
  const advice = adviseMemory(shape, settings, { ...machine, available: Math.min(machine.available, 0.8 * needed) });
  const free = onGpu ? reason : `${mebibytes(machine.available)} were free when it began.`;
  return new FolkmootError(
    code,
    {
      message: (error as Error).message,
      reason: `With these settings the training takes about ${mebibytes(needed)}; ${free}`,
      action: `${adviceText(advice, true)}${onGpu ? " Or train on the processor (--gpu off)." : ""}`,
      details: { needed, available: machine.available, changes: advice.changes },
    },
    { cause: error },
  );
}

function explainFullGpu(error: FolkmootError, shape: TrainingShape, gpuLayers: number): FolkmootError {
  const fewer = fewerGpuLayers(shape, gpuLayers);
  const others = fewer === 0 ? "Layers" : "The others";
  return new FolkmootError(
    "gpu-out-of-memory",
    {
      message: error.message,
      reason: `With ${gpuLayers} of ${shape.layers} layers on it, weights alone take ${mebibytes(gpuWeights(shape, gpuLayers))}; ${error.reason ?? ""}`,
      action: `Set gpuLayers to ${fewer} (--gpu-layers ${fewer}). ${others} are then copied to it when they are needed.`,
      details: { gpuLayers, changes: { gpuLayers: fewer } },
    },
    { cause: error },
  );
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function numeric(path: string, values: readonly number[], key: "batchTokens" | "maxRejected" | "maxLength"): Step {
  return {
    path,
    values,
    current: (settings) => settings[key],
    apply: (settings, value) => ({ ...settings, [key]: Number(value) }),
  };
}
