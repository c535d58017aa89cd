/** The GPUs that llama.cpp can use here. */
import { type GpuFacts, type GpuKind, gpuKinds } from "../../contract/device.ts";
import type { DeviceTools } from "./computeDevice.ts";
import { supportedGpuKinds } from "./gpuKinds.ts";
import { llamaRuntime } from "./runtime.ts";

/** Names of Vulkan devices that are programs. */
const softwareNames = /llvmpipe|lavapipe|swiftshader|software/i;

/** The first card of a kind as llama.cpp sees it; an empty list where it sees none. */
export async function listGpus(kind: GpuKind): Promise<GpuFacts[]> {
  const llama = await llamaRuntime(1, kind);
  const [name] = await llama.getGpuDeviceNames();
  if (name === undefined) return [];
  const { free, total } = await llama.getVramState();
  return [{ kind, name, software: softwareNames.test(name), freeBytes: free, totalBytes: total }];
}

export const llamaDevices: DeviceTools = { supportedKinds: supportedGpuKinds, listGpus };

/** The first card of every kind that this machine has the driver and the libraries of; what fails is left out. */
export async function findGpus(): Promise<GpuFacts[]> {
  const supported = await supportedGpuKinds();
  const found: GpuFacts[] = [];
  for (const kind of gpuKinds) if (supported.includes(kind)) found.push(...(await listGpus(kind).catch(() => [])));
  return found;
}
