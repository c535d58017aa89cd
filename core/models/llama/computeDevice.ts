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

/** What the choice of a card depends on. */
type Card = Pick<GpuFacts, "kind" | "software" | "freeBytes">;

/**
 * The rule by which a card is taken. `off`: none (null). A kind by name: its first card, whatever it is. `auto`: the
 * first real card that suits; one in software is never taken unasked.
 *
 * @param gpus in the order in which they are considered
 * @param suits whether the work may go to a card with so many bytes free
 */
export function chooseCard<C extends Card>(
  choice: GpuChoice,
  gpus: readonly C[],
  suits: (freeBytes: number) => boolean,
): C | null {
  if (choice === "off") return null;
  if (choice !== "auto") return gpus.find(({ kind }) => kind === choice) ?? null;
  return gpus.find(({ software, freeBytes }) => !software && suits(freeBytes)) ?? null;
}

/**
 * The kind of the card that `chooseCard` takes on this machine, null for the processor. No driver is asked that need not
 * be; of a kind only the first card counts, since that is the one that is opened.
 *
 * @throws FolkmootError `native-missing` where the libraries of a named kind are not installed, `device-unsupported`
 *   where it has no GPU
 */
export async function chooseDevice(
  choice: GpuChoice,
  suits: (freeBytes: number) => boolean,
  tools: DeviceTools,
): Promise<GpuKind | null> {
  if (choice === "off") return null;
  const isNamed = choice !== "auto";
  for (const kind of isNamed ? [choice] : await tools.supportedKinds()) {
    // Unasked, a missing package or driver is no reason against the processor.
    const [first] = await tools.listGpus(kind).catch((error: unknown) => (isNamed ? Promise.reject(error) : []));
    if (first !== undefined && chooseCard(choice, [{ ...first, kind }], suits) !== null) return kind;
  }
  if (isNamed) throw noGpu(choice);
  return null;
}

/** Where something computes, in a sentence without its point; `gpuLayers` null = on the processor. */
export function deviceText(place: { device: string; layers: number; gpuLayers: number | null }): string {
  const { device, layers, gpuLayers } = place;
  if (gpuLayers === null) return `Computes on ${device}`;
  const living = gpuLayers >= layers ? `all ${layers}` : `${gpuLayers} of ${layers}`;
  return `Computes on ${device}: ${living} layers live there`;
}

export function noGpu(kind: GpuKind): FolkmootError {
  return new FolkmootError("device-unsupported", {
    message: `No GPU was found for ${kind}.`,
    reason: "There is none, or its driver is missing or too old.",
    action: "Install the driver of your card, or compute on the processor (--gpu off).",
    details: { kind },
  });
}
