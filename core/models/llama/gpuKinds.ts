/** The kinds of GPU whose driver and prebuilt libraries this machine has, best first. */
import { getLlamaGpuTypes } from "node-llama-cpp";
import type { GpuKind } from "../../contract/device.ts";

export async function supportedGpuKinds(): Promise<readonly GpuKind[]> {
  return (await getLlamaGpuTypes("supported")).filter((kind) => kind !== false);
}
