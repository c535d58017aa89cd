/** env.json: on what a run was made. Written once, at the start; nothing in it is needed to run again. */
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { z } from "zod";
import { modelFiles } from "../models/splitModel.ts";
import { hashFile } from "./hash.ts";

export const environment = z.object({
  /** The run's id, as its records carry it. */
  run: z.string().min(1),
  versions: z.object({ folkmoot: z.string(), node: z.string(), nodeLlamaCpp: z.string() }),
  platform: z.string(),
  architecture: z.string(),
  osRelease: z.string(),
  cpu: z.string(),
  cores: z.number().int(),
  /** Bytes of main memory. */
  memory: z.number(),
  /** SHA-256 of every file that went in, by absolute path. */
  files: z.record(z.string(), z.string()),
  /** Seeds by purpose; `run` is the one that every stream is derived from. */
  seeds: z.record(z.string(), z.number()),
});
export type Environment = z.infer<typeof environment>;

/** What this machine and this program are; files are hashed one after the other (they are read whole). */
export async function describeEnvironment(options: {
  run: string;
  files: Readonly<Record<string, string>>;
  seed: number;
}): Promise<Environment> {
  return {
    run: options.run,
    versions: {
      folkmoot: versionFrom(findPackageJSON(import.meta.url)),
      node: process.versions.node,
      nodeLlamaCpp: versionFrom(findPackageJSON("node-llama-cpp", import.meta.url)),
    },
    platform: platform(),
    architecture: arch(),
    osRelease: release(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory: totalmem(),
    files: { ...options.files },
    seeds: { run: options.seed },
  };
}

/** SHA-256 of each file, by the path as given; of a model in several files of each of them. */
export async function hashFiles(paths: readonly string[], signal?: AbortSignal): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const path of paths.flatMap(modelFiles)) hashes[path] = await hashFile(path, signal);
  return hashes;
}

function versionFrom(packageJson: string | undefined): string {
  if (packageJson === undefined) return "unknown";
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageJson, "utf8"))).version;
}
