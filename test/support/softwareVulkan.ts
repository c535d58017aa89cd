/** Vulkan without a card: Mesa's llvmpipe computes the shaders on the processor. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { loadNativeAddon } from "../../core/alignment/nativeAddon.ts";
import type { OpenOptions } from "../../core/alignment/nativeTrainer.ts";
import { ggmlLibraryFolder } from "../../core/models/llama/libraries.ts";

const driverFolders = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

export interface SoftwareVulkan {
  /** Why it is not there; null when it is. */
  readonly missing: string | null;
  readonly options: Pick<OpenOptions, "libraries" | "gpu">;
}

/** ggml hides a software device unless it is told its number; with Mesa's driver alone that is 0. */
export function softwareVulkanEnvironment(): Record<string, string> {
  const drivers = driverFolders
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => /[\\/]lvp_icd\b.*\.json$/.test(path));
  const [driver] = drivers;
  return driver === undefined
    ? {}
    : { VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver, GGML_VK_VISIBLE_DEVICES: "0" };
}

/**
 * Before anything of ggml is loaded in this process: its libraries read the environment once.
 *
 * @param half whether products round to half precision, as most cards do; else they are exact to F32
 */
export async function prepareSoftwareVulkan({ half }: { half: boolean }): Promise<SoftwareVulkan> {
  const options = { libraries: "", gpu: true };
  const environment = softwareVulkanEnvironment();
  if (Object.keys(environment).length === 0) return missing("Mesa's llvmpipe driver is not installed", options);
  Object.assign(process.env, environment, half ? {} : { GGML_VK_DISABLE_F16: "1" });
  try {
    options.libraries = ggmlLibraryFolder({ device: "vulkan" });
    const gpus = await loadNativeAddon().listGpus({ libraries: options.libraries });
    if (gpus[0]?.software !== true) return missing("the Vulkan loader finds no llvmpipe", options);
  } catch (error) {
    return missing((error as Error).message, options);
  }
  return { missing: null, options };
}

function missing(why: string, options: SoftwareVulkan["options"]): SoftwareVulkan {
  console.warn(`SKIPPED: the trainer on Vulkan. ${why}; Debian: apt-get install libvulkan1 mesa-vulkan-drivers.`);
  return { missing: why, options };
}
