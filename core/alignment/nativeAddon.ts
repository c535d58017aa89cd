/** Loads native/build/folkmoot.node and turns its failures into FolkmootErrors. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FolkmootError, toFolkmootError } from "../contract/errors.ts";
import type { ModelTrainer, NativeAddon, OpenOptions } from "./nativeTrainer.ts";

type Methods<T> = { [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => R : T[K] };

/**
 * The addon of this checkout or package. Errors: `native-missing` when it was not built, `native-mismatch` when it was
 * built for other libraries.
 */
export function loadNativeAddon(file = findAddon()): NativeAddon {
  const raw = load(file) as Methods<NativeAddon>;
  return {
    openTrainer: (options: OpenOptions) => settle(async () => wrapTrainer(await raw.openTrainer(options))),
    listGpus: (options) => settle(() => raw.listGpus(options)),
    mergeAdapter: (options) => settle(() => raw.mergeAdapter(options)),
    quantize: (options) => settle(() => raw.quantize(options)),
  };
}

/** The nearest native/build above this file: the same path from core/ (sources) and from dist/core/ (built). */
function findAddon(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, "native", "build", "folkmoot.node");
    if (existsSync(file)) return file;
    if (folder === dirname(folder))
      throw new FolkmootError("native-missing", {
        message: "The native trainer is not built.",
        reason: "native/build/folkmoot.node does not exist.",
        action: "Run `npm run build:native` (needs git, cmake and a C++ compiler).",
      });
  }
}

function load(file: string): unknown {
  try {
    return createRequire(import.meta.url)(file);
  } catch (error) {
    throw new FolkmootError(
      "native-mismatch",
      {
        message: `The native trainer ${file} cannot be loaded.`,
        reason: error instanceof Error ? error.message : String(error),
        action: "Build it again with `npm run build:native`.",
      },
      { cause: error },
    );
  }
}

async function settle<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toFolkmootError(error);
  }
}

function wrapTrainer(raw: ModelTrainer): ModelTrainer {
  return {
    info: raw.info,
    newAdapter: (adapter) => settle(async () => raw.newAdapter(adapter)),
    loadAdapter: (path) => settle(async () => raw.loadAdapter(path)),
    trainBase: () => settle(async () => raw.trainBase()),
    saveModel: (path) => settle(async () => raw.saveModel(path)),
    saveAdapter: (path) => settle(async () => raw.saveAdapter(path)),
    saveGradients: (path) => settle(async () => raw.saveGradients(path)),
    saveState: (path) => settle(async () => raw.saveState(path)),
    loadState: (path) => settle(async () => raw.loadState(path)),
    forward: (rows, options) => settle(async () => raw.forward(rows, options)),
    backward: (dLogp) => settle(async () => raw.backward(dLogp)),
    zeroGradients: () => settle(async () => raw.zeroGradients()),
    step: (options) => settle(async () => raw.step(options)),
    memory: () => settle(async () => raw.memory()),
    cancel: () => raw.cancel(),
    dispose: () => settle(async () => raw.dispose()),
  };
}
