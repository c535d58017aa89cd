/**
 * A strict, streaming writer of GGUF version 3, little endian. Nothing of a model is ever in memory as a whole: each
 * tensor comes as chunks of weights. Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { FolkmootError } from "../contract/errors.ts";
import { type Encoding, encodedBytes, encodeWeights } from "./tensorEncoding.ts";

export const alignment = 32;
/** GGML_MAX_NAME, with its closing zero. */
const longestName = 63;

const scalarTypes = { u32: 4, i32: 5, f32: 6, bool: 7, text: 8 } as const;
const arrayType = 9;
type ScalarType = keyof typeof scalarTypes;

export type MetadataValue =
  | { readonly type: "u32" | "i32" | "f32"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "array"; readonly of: "u32" | "i32" | "f32"; readonly values: readonly number[] }
  | { readonly type: "array"; readonly of: "text"; readonly values: readonly string[] };

export interface TensorToWrite {
  readonly name: string;
  /** Fastest-running first, as ggml counts: `[in, out]` for a matrix. */
  readonly dimensions: readonly number[];
  readonly encoding: Encoding;
  /** Weights in row-major order; asked for once, while the file is being written. Q8_0 wants whole blocks of 32. */
  chunks(): Iterable<Float32Array>;
}

const encodingIds: Readonly<Record<Encoding, number>> = { F32: 0, F16: 1, Q8_0: 8 };

/**
 * Writes beside `path`, fsyncs and renames: `path` is whole or untouched.
 *
 * @throws FolkmootError `bad-input` for anything that would not be a valid file: names or keys twice, shapes that do
 *   not fit the type, weights that are missing, too many, not finite or too large for the type.
 */
export async function writeGguf(
  path: string,
  metadata: ReadonlyMap<string, MetadataValue>,
  tensors: readonly TensorToWrite[],
): Promise<void> {
  checkTensors(path, tensors);
  const header = encodeHeader(path, metadata, tensors);
  const unfinished = `${path}.${process.pid}.part`;
  try {
    await using file = await open(unfinished, "wx");
    await file.write(padded(header, header.length));
    for (const tensor of tensors) await writeTensor(path, file, tensor);
    await file.sync();
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await rename(unfinished, path);
  await syncFolder(dirname(path));
}

/** A renamed file is on disk only when its folder is; Windows cannot open folders and needs no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  await using handle = await open(folder, "r");
  await handle.sync();
}

async function writeTensor(path: string, file: FileHandle, tensor: TensorToWrite): Promise<void> {
  const { name, encoding, dimensions } = tensor;
  const expected = elements(dimensions);
  let weights = 0;
  for (const chunk of tensor.chunks()) {
    weights += chunk.length;
    if (weights > expected) throw invalid(path, `the tensor "${name}" has more than ${expected} weights`);
    try {
      await file.write(encodeWeights(chunk, encoding));
    } catch (error) {
      if (error instanceof RangeError) throw invalid(path, `in the tensor "${name}" ${error.message}`);
      throw error;
    }
  }
  if (weights !== expected) throw invalid(path, `the tensor "${name}" has ${weights} weights instead of ${expected}`);
  await file.write(padded(new Uint8Array(0), encodedBytes(expected, encoding)));
}

function encodeHeader(
  path: string,
  metadata: ReadonlyMap<string, MetadataValue>,
  tensors: readonly TensorToWrite[],
): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from("GGUF", "latin1"), u32(3), u64(tensors.length), u64(metadata.size)];
  for (const [key, value] of metadata) {
    if (!/^[a-z0-9_]+([.-][a-z0-9_]+)*$/.test(key)) throw invalid(path, `"${key}" is no metadata key`);
    parts.push(text(key));
    // One by one: a vocabulary has more entries than a call may have arguments.
    for (const bytes of encodeValue(path, key, value)) parts.push(bytes);
  }
  let offset = 0;
  for (const { name, dimensions, encoding } of tensors) {
    parts.push(text(name), u32(dimensions.length), ...dimensions.map(u64), u32(encodingIds[encoding]), u64(offset));
    offset += aligned(encodedBytes(elements(dimensions), encoding));
  }
  return Buffer.concat(parts);
}

function encodeValue(path: string, key: string, value: MetadataValue): Uint8Array[] {
  if (value.type !== "array") return [u32(scalarTypes[value.type]), encodeScalar(path, key, value.type, value.value)];
  const items = value.values.map((item) => encodeScalar(path, key, value.of, item));
  return [u32(arrayType), u32(scalarTypes[value.of]), u64(items.length), ...items];
}

function encodeScalar(path: string, key: string, type: ScalarType, value: number | boolean | string): Uint8Array {
  if (typeof value === "string") return text(value);
  if (typeof value === "boolean") return Uint8Array.of(value ? 1 : 0);
  const bytes = Buffer.alloc(4);
  if (type === "f32") bytes.writeFloatLE(value);
  else {
    const [least, most] = type === "u32" ? [0, 0xffffffff] : [-0x80000000, 0x7fffffff];
    if (!Number.isInteger(value) || value < least || value > most)
      throw invalid(path, `${key} = ${value} is no ${type}`);
    if (type === "u32") bytes.writeUInt32LE(value);
    else bytes.writeInt32LE(value);
  }
  return bytes;
}

function checkTensors(path: string, tensors: readonly TensorToWrite[]): void {
  const names = new Set<string>();
  for (const { name, dimensions, encoding } of tensors) {
    const bytes = Buffer.byteLength(name);
    if (bytes < 1 || bytes > longestName) throw invalid(path, `the tensor name "${name}" has ${bytes} bytes`);
    if (names.has(name)) throw invalid(path, `the tensor "${name}" is there twice`);
    names.add(name);
    const shape = dimensions.join("×");
    const whole = dimensions.every((size) => Number.isInteger(size) && size > 0);
    if (!whole || dimensions.length < 1 || dimensions.length > 4 || !Number.isSafeInteger(elements(dimensions)))
      throw invalid(path, `the tensor "${name}" has the shape ${shape}`);
    if (encoding === "Q8_0" && (dimensions[0] as number) % 32 !== 0)
      throw invalid(path, `rows of ${dimensions[0]} do not fit the blocks of Q8_0 in "${name}"`);
  }
}

function elements(dimensions: readonly number[]): number {
  return dimensions.reduce((product, size) => product * size, 1);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/** `bytes` and the zeros that bring a section of `length` bytes to the alignment. */
function padded(bytes: Uint8Array, length: number): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc(aligned(length) - length)]);
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function invalid(path: string, why: string): FolkmootError {
  return new FolkmootError("bad-input", {
    message: `${path} was not written: ${why}.`,
    reason: "What was to be written is not a valid model.",
    action: "Correct the shape or the weights and write it again.",
    details: { path, why },
  });
}
