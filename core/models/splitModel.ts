/**
 * Models in several files, as llama.cpp's gguf-split cuts them: `NAME-00001-of-00003.gguf` holds all metadata, every
 * part its own tensors and the keys split.no (from 0), split.count and split.tensors.count (of all parts together).
 * Names and keys must say the same, so that a name alone tells which files belong together.
 */
import { FolkmootError } from "../contract/errors.ts";
import type { GgufHeader } from "./ggufHeader.ts";
import { numberValue, textValue } from "./metadata.ts";
import { modelCorrupt } from "./modelErrors.ts";

interface PartName {
  readonly prefix: string;
  /** From 1. */
  readonly part: number;
  readonly count: number;
}

/** Null for a file that is a model by itself. */
function partName(path: string): PartName | null {
  const [, prefix, part, count] = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s.exec(path) ?? [];
  if (prefix === undefined || Number(count) < 2) return null;
  return { prefix, part: Number(part), count: Number(count) };
}

function fileOf(prefix: string, part: number, count: number): string {
  return `${prefix}-${String(part).padStart(5, "0")}-of-${String(count).padStart(5, "0")}.gguf`;
}

/** All files of the model that this path, of any part, leads to, in order. Pure: by the name alone. */
export function modelFiles(path: string): readonly string[] {
  const name = partName(path);
  if (name === null) return [path];
  return Array.from({ length: name.count }, (_, i) => fileOf(name.prefix, i + 1, name.count));
}

/** The one path that all parts of a model share: that of its first file. */
export function modelPath(path: string): string {
  return modelFiles(path)[0] as string;
}

/**
 * The whole model that a part belongs to; a model in one file is returned as it is.
 *
 * @param named the header of the file that was named, whichever part it is
 * @param read reads the header of another part
 * @throws FolkmootError `model-not-found` naming the part that is missing, or the name that a part should have;
 *   `model-corrupt` for parts that do not belong together.
 */
export async function wholeModel(named: GgufHeader, read: (path: string) => Promise<GgufHeader>): Promise<GgufHeader> {
  const count = numberValue(named, "split.count") ?? 1;
  checkName(named, count);
  if (count <= 1) return named;
  const files = modelFiles(named.path);
  const parts: GgufHeader[] = [];
  for (const [index, path] of files.entries()) {
    const part = path === named.path ? named : await readPart(path, index, count, read);
    checkPart(part, index, parts[0] ?? part, count);
    parts.push(part);
  }
  return joined(parts);
}

/** llama.cpp looks for the other parts by name, and knows that there are any by the keys: both must say it. */
function checkName(named: GgufHeader, count: number): void {
  const { path } = named;
  const number = numberValue(named, "split.no") ?? 0;
  const name = partName(path);
  if (!Number.isInteger(count) || count < 0 || count > 65_535) throw modelCorrupt(path, `split.count is ${count}`);
  if (count <= 1) {
    if (name === null) return;
    throw new FolkmootError("model-unsupported", {
      message: `${path} is a model in one file, but its name says that it is part ${name.part} of ${name.count}.`,
      reason: "It was renamed, or was cut by a program that leaves no note of it in the file.",
      action: `If it is whole, rename it so that it does not end in -of-${String(name.count).padStart(5, "0")}.gguf.`,
      details: { path },
    });
  }
  if (!Number.isInteger(number) || number < 0 || number >= count)
    throw modelCorrupt(path, `it is part ${number + 1} of ${count}`);
  if (name !== null && name.count === count && name.part === number + 1) return;
  throw new FolkmootError("model-not-found", {
    message: `${path} is part ${number + 1} of a model in ${count} files, and its name does not lead to the others.`,
    reason: "The parts of a model are found by their names; this one was renamed.",
    action: `Give it back its name, which ends in ${fileOf("", number + 1, count)}.`,
    details: { path, part: number + 1, parts: count },
  });
}

async function readPart(path: string, index: number, count: number, read: (path: string) => Promise<GgufHeader>) {
  try {
    return await read(path);
  } catch (error) {
    if (!(error instanceof FolkmootError) || error.code !== "model-not-found") throw error;
    throw new FolkmootError(
      "model-not-found",
      {
        message: `${path} is missing: it is part ${index + 1} of a model in ${count} files.`,
        reason: "It was not downloaded, or lies in another folder.",
        action: `Put all ${count} parts into one folder, under the names that they were published with.`,
        details: { path, part: index + 1, parts: count },
      },
      { cause: error },
    );
  }
}

function checkPart(part: GgufHeader, index: number, first: GgufHeader, count: number): void {
  const { path } = part;
  const [number, of] = [numberValue(part, "split.no"), numberValue(part, "split.count")];
  if (number !== index || of !== count)
    throw modelCorrupt(
      path,
      of === null
        ? `it is not part ${index + 1} of the model in ${first.path}`
        : `it says that it is part ${(number ?? 0) + 1} of ${of}, where part ${index + 1} of ${count} should be`,
    );
  const [own, expected] = [part, first].map((header) => textValue(header, "general.architecture"));
  if (own !== null && own !== expected)
    throw modelCorrupt(path, `its architecture is ${own}, that of ${first.path} is ${expected}`);
  const [tensors, all] = [part, first].map((header) => numberValue(header, "split.tensors.count"));
  if (tensors !== all)
    throw modelCorrupt(path, `it belongs to a model of ${tensors} tensors, ${first.path} to one of ${all}`);
}

function joined(parts: readonly GgufHeader[]): GgufHeader {
  const first = parts[0] as GgufHeader;
  const tensors = parts.flatMap((part, index) => part.tensors.map((tensor) => ({ ...tensor, part: index })));
  const expected = numberValue(first, "split.tensors.count");
  if (tensors.length !== expected)
    throw modelCorrupt(first.path, `its ${parts.length} parts hold ${tensors.length} tensors instead of ${expected}`);
  const names = new Set<string>();
  for (const { name, part } of tensors) {
    if (names.has(name)) throw modelCorrupt((parts[part] as GgufHeader).path, `"${name}" is in another part as well`);
    names.add(name);
  }
  return {
    ...first,
    fileBytes: parts.reduce((sum, { fileBytes }) => sum + fileBytes, 0),
    parts: parts.flatMap((part) => part.parts),
    tensors,
  };
}
