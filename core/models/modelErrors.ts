/** What can be wrong with a model file, as errors for people. */
import { FolkmootError } from "../contract/errors.ts";
import { trainableArchitectures } from "./trainable.ts";

/** The error for a file that is damaged; `why` continues "The file is damaged: …". */
export function modelCorrupt(path: string, why: string, cause?: unknown): FolkmootError {
  return new FolkmootError(
    "model-corrupt",
    {
      message: `${path} is not a usable GGUF file: ${why}.`,
      reason: "The file is damaged, was not downloaded to its end, or is something else.",
      action: "Get the file again and compare its SHA-256 with the one its publisher states.",
      details: { path, why },
    },
    cause === undefined ? {} : { cause },
  );
}

/** The error for a sound file that this build cannot use. */
export function modelUnsupported(path: string, why: string): FolkmootError {
  return new FolkmootError("model-unsupported", {
    message: `${path} cannot be used: ${why}.`,
    reason: "This version of Folkmoot does not know that kind of model file.",
    action: "Choose another model, or the same one in another format.",
    details: { path, why },
  });
}

/** The error for a key that a sound model of its architecture has; of an unknown architecture nobody can say. */
export function keyMissing(path: string, architecture: string, key: string): FolkmootError {
  if (trainableArchitectures.includes(architecture)) return modelCorrupt(path, `${key} is missing`);
  return new FolkmootError("model-unsupported", {
    message: `${path} cannot be used: its architecture is "${architecture}", and it does not have ${key}.`,
    reason: "This version of Folkmoot does not know that architecture, or the file is not a language model.",
    action: `Choose a language model that llama.cpp loads. To be trained, it must be one of ${trainableArchitectures.join(", ")}.`,
    details: { path, architecture, key },
  });
}

export function modelNotFound(path: string, reason: string): FolkmootError {
  return new FolkmootError("model-not-found", {
    message: `There is no model file ${path}.`,
    reason,
    action: "Check the path and try again.",
    details: { path },
  });
}
