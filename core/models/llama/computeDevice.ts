/** Which device computes: a real GPU that suits the work, else the processor. */
import type { GpuChoice, GpuFacts, GpuKind } from "../../contract/device.ts";
import { FolkmootError } from "../../contract/errors.ts";

export interface DeviceTools {
  /** Kinds whose driver and libraries this machine has, best first. */
  supportedKinds(): Promise<readonly GpuKind[]>;
  /**
   * The cards of a kind, in the order in which they are opened.
   *
   * @throws FolkmootError `native-missing` where its libraries are not installed
   */
  listGpus(kind: GpuKind): Promise<readonly Pick<GpuFacts, "software" | "freeBytes">[]>;
}

/**
 * `off`: the processor (null). A kind by name: its first GPU, whatever it is, or an error. `auto`: the first real GPU
 * that suits, else the processor; Vulkan in software is never taken unasked.
 *
 * @param suits whether the work may go to a GPU with so many bytes free
 * @throws FolkmootError `native-missing` where the libraries of a named kind are not installed, `device-unsupported`
 *   where it has no GPU
 */
export async function chooseDevice(
  choice: GpuChoice,
  suits: (freeBytes: number) => boolean,
  tools: DeviceTools,
): Promise<GpuKind | null> {
  if (choice === "off") return null;
  if (choice !== "auto") return namedDevice(choice, tools);
  for (const kind of await tools.supportedKinds()) {
    // A missing package or driver is no reason against the processor.
    const [gpu] = await tools.listGpus(kind).catch(() => []);
    if (gpu !== undefined && !gpu.software && suits(gpu.freeBytes)) return kind;
  }
  return null;
}

/** Where something computes, in a sentence without its point; `gpuLayers` null = on the processor. */
export function deviceText(place: { device: string; layers: number; gpuLayers: number | null }): string {
  const { device, layers, gpuLayers } = place;
  if (gpuLayers === null) return `Computes on ${device}`;
  const living = gpuLayers >= layers ? `all ${layers}` : `${gpuLayers} of ${layers}`;
  return `Computes on ${device}: ${living} layers live there`;
}

async function namedDevice(kind: GpuKind, tools: DeviceTools): Promise<GpuKind> {
  if ((await tools.listGpus(kind)).length > 0) return kind;
  throw noGpu(kind);
}

export function noGpu(kind: GpuKind): FolkmootError {
  return new FolkmootError("device-unsupported", {
    message: `No GPU was found for ${kind}.`,
    reason: "There is none, or its driver is missing or too old.",
    action: "Install the driver of your card, or compute on the processor (--gpu off).",
    details: { kind },
  });
}
