/** Which device a training computes on: a real GPU that suits it, else the processor. */
import type { GpuChoice } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import type { Device, GpuKind } from "../models/llama/libraries.ts";
import type { GpuFacts, TrainerInfo } from "./nativeTrainer.ts";

export interface DeviceTools {
  /** Kinds whose driver this machine has, best first. */
  supportedKinds(): Promise<readonly GpuKind[]>;
  /** @throws FolkmootError `native-missing` where the libraries are not installed */
  libraryFolder(device: Device): string;
  listGpus(libraries: string): Promise<readonly GpuFacts[]>;
}

export interface TrainingDevice {
  readonly libraries: string;
  readonly gpu: boolean;
}

/**
 * `off`: the processor. A kind by name: its first GPU, whatever it is, or an error. `auto`: the first real GPU with
 * memory that suits, else the processor; Mesa's software Vulkan is never taken unasked.
 *
 * @param suits whether a training may go to a GPU with so many bytes free
 * @throws FolkmootError `native-missing` where libraries are not installed, `device-unsupported` where a named kind has
 *   no GPU
 */
export async function chooseTrainingDevice(
  choice: GpuChoice,
  suits: (freeBytes: number) => boolean,
  tools: DeviceTools,
): Promise<TrainingDevice> {
  const processor = { libraries: tools.libraryFolder("cpu"), gpu: false };
  if (choice === "off") return processor;
  if (choice !== "auto") return namedDevice(choice, tools);
  for (const kind of await tools.supportedKinds()) {
    const found = await firstGpu(kind, tools);
    if (found === null || found.gpu.software || !suits(found.gpu.freeBytes)) continue;
    return { libraries: found.libraries, gpu: true };
  }
  return processor;
}

/** Where a training computes, in a sentence without its point. */
export function deviceText({
  device,
  layers,
  gpuLayers,
}: Pick<TrainerInfo, "device" | "layers" | "gpuLayers">): string {
  if (gpuLayers === null) return `Computes on ${device}`;
  const living = gpuLayers === layers ? `all ${layers}` : `${gpuLayers} of ${layers}`;
  const others = gpuLayers === layers ? "" : ", the others come when they are needed";
  return `Computes on ${device}: ${living} layers live there${others}`;
}

async function namedDevice(kind: GpuKind, tools: DeviceTools): Promise<TrainingDevice> {
  const libraries = tools.libraryFolder(kind);
  if ((await tools.listGpus(libraries)).length > 0) return { libraries, gpu: true };
  throw new FolkmootError("device-unsupported", {
    message: `No GPU was found for ${kind}.`,
    reason: "There is none, or its driver is missing or too old.",
    action: "Install the driver of your card, or train on the processor (--gpu off).",
    details: { kind },
  });
}

/** Null where the kind cannot be asked: a missing package or driver is no reason against the processor. */
async function firstGpu(kind: GpuKind, tools: DeviceTools): Promise<{ libraries: string; gpu: GpuFacts } | null> {
  try {
    const libraries = tools.libraryFolder(kind);
    const [gpu] = await tools.listGpus(libraries);
    return gpu === undefined ? null : { libraries, gpu };
  } catch {
    return null;
  }
}
