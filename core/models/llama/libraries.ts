/** Where node-llama-cpp keeps the ggml libraries that this process uses, so that the native addon loads the same ones. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GpuKind } from "../../contract/device.ts";
import { FolkmootError } from "../../contract/errors.ts";

export type Device = "cpu" | GpuKind;

const platforms: Partial<Record<NodeJS.Platform, string>> = { linux: "linux", darwin: "mac", win32: "win" };

/** The systems on which node-llama-cpp computes with a kind. */
const systemsOf: Readonly<Record<GpuKind, readonly NodeJS.Platform[]>> = {
  cuda: ["linux", "win32"],
  vulkan: ["linux", "win32"],
  metal: ["darwin"],
};

/**
 * Package and folder of the prebuilt libraries, e.g. `linux-x64`, `win-x64-cuda`, `mac-arm64-metal`.
 *
 * @throws FolkmootError `device-unsupported` for a kind that this system does not have, `native-missing` for a system
 *   without libraries
 */
export function libraryVariant(
  device: Device,
  platform: NodeJS.Platform = process.platform,
  architecture: string = process.arch,
): string {
  const name = platforms[platform];
  if (name === undefined) throw unsupported(device, `there are no libraries for ${platform}`);
  if (device !== "cpu" && !systemsOf[device].includes(platform)) throw notHere(device);
  const cpu = `${name}-${architecture === "arm" ? "armv7l" : architecture}`;
  // On Apple silicon one folder serves both: its libraries hold the processor's and Metal's code.
  if (platform === "darwin") return architecture === "arm64" ? "mac-arm64-metal" : cpu;
  return device === "cpu" ? cpu : `${cpu}-${device}`;
}

/**
 * The folder with `libggml-base` and its kin for a device.
 *
 * @throws FolkmootError `native-missing` when the package is not installed, `native-mismatch` when its version is not
 *   node-llama-cpp's.
 */
export function ggmlLibraryFolder({ device }: { device: Device } = { device: "cpu" }): string {
  const variant = libraryVariant(device);
  const entry = resolvePackage(`@node-llama-cpp/${variant}`, device);
  const root = dirname(dirname(fileURLToPath(entry))).replace(/\.asar([\\/])/, ".asar.unpacked$1");
  const wanted = packageVersion(dirname(dirname(fileURLToPath(resolvePackage("node-llama-cpp", device)))));
  const found = packageVersion(root);
  if (found !== wanted)
    throw new FolkmootError("native-mismatch", {
      message: `The libraries ${variant} are of version ${found}, node-llama-cpp is ${wanted}.`,
      reason: "The installation was changed by hand or was interrupted.",
      action: "Run npm ci again.",
      details: { root, found, wanted },
    });
  const folder = join(root, "bins", variant);
  if (!existsSync(folder)) throw unsupported(device, `${folder} is not there`);
  return folder;
}

/** Version of llama.cpp and ggml that the libraries were built from, e.g. `v0.5.0`. */
export function llamaCppVersion(folder: string): string {
  const metadata: unknown = JSON.parse(readFileSync(join(folder, "_nlcBuildMetadata.json"), "utf8"));
  const release = (metadata as { buildOptions?: { llamaCpp?: { release?: unknown } } }).buildOptions?.llamaCpp?.release;
  return typeof release === "string" ? release : "unknown";
}

function resolvePackage(name: string, device: Device): string {
  try {
    return import.meta.resolve(name);
  } catch {
    throw unsupported(device, `the package ${name} is not installed`);
  }
}

function packageVersion(root: string): string {
  return String((createRequire(import.meta.url)(join(root, "package.json")) as { version?: unknown }).version);
}

function notHere(device: GpuKind): FolkmootError {
  const systems = { linux: "Linux", win32: "Windows", darwin: "macOS" } as Partial<Record<NodeJS.Platform, string>>;
  return new FolkmootError("device-unsupported", {
    message: `This system has no ${device}.`,
    reason: `It is there on ${systemsOf[device].map((system) => systems[system]).join(" and ")}.`,
    action: "Choose another device; --gpu auto takes what is there.",
    details: { device },
  });
}

function unsupported(device: Device, why: string): FolkmootError {
  return new FolkmootError("native-missing", {
    message: `The libraries for ${device} cannot be found: ${why}.`,
    reason: "The installation is not complete, or this machine is of a kind that has no prebuilt libraries.",
    action: "Run npm ci again, with optional packages allowed.",
    details: { device, why },
  });
}
