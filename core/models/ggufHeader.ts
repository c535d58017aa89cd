/**
 * Our own reader of the GGUF header (versions 2 and 3, little endian). It trusts nothing: every count, length, shape
 * and offset is held against the file before it is used, so that no file can make it hang, allocate or crash.
 * Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { type FileHandle, open } from "node:fs/promises";
import { type GgmlType, ggmlTypes } from "./ggmlTypes.ts";
import { HeaderCursor, MalformedHeader } from "./headerCursor.ts";
import { modelCorrupt, modelNotFound, modelUnsupported } from "./modelErrors.ts";
import { wholeModel } from "./splitModel.ts";

/** Elements of an array that are kept; longer arrays (vocabularies) are only measured. */
const keptArrayValues = 1024;
const limits = { keys: 1 << 16, tensors: 1 << 20, keyBytes: 1 << 10, textBytes: 1 << 24, alignment: 1 << 16 };

export interface GgufArray {
  readonly elementType: string;
  readonly length: number;
  /** Null for arrays of more than 1024 elements. */
  readonly values: readonly (number | bigint | boolean | string)[] | null;
}

export type GgufValue = number | bigint | boolean | string | GgufArray;

export interface GgufTensor {
  readonly name: string;
  /** Fastest-running first, as ggml counts: `[in, out]` for a matrix. */
  readonly dimensions: readonly number[];
  readonly elements: number;
  readonly type: string;
  /** From the start of the tensor data. */
  readonly offset: number;
  readonly bytes: number;
  /** Which of `GgufHeader.parts` it lies in. */
  readonly part: number;
}

/** A file that a model, or a part of one, lies in. */
export interface GgufPart {
  readonly path: string;
  readonly bytes: number;
  /** File offset of the tensor data. */
  readonly dataStart: number;
}

export interface GgufHeader {
  /** The file; of a model in several files the first. */
  readonly path: string;
  readonly version: number;
  /** Of all parts together. */
  readonly fileBytes: number;
  readonly alignment: number;
  /** File offset of the tensor data in the first part. */
  readonly dataStart: number;
  /** In order; one for a model in one file. */
  readonly parts: readonly GgufPart[];
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Of all parts. */
  readonly tensors: readonly GgufTensor[];
}

/**
 * Reads and checks the header of a GGUF file; any part of a model in several files leads to the whole.
 *
 * @throws FolkmootError `model-not-found` when there is no such file or a part of it is missing, `model-corrupt` for
 *   anything that is not a whole GGUF file and for parts that do not belong together, `model-unsupported` for versions
 *   and tensor types that this build does not know.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  return wholeModel(await readFileHeader(path), readFileHeader);
}

async function readFileHeader(path: string): Promise<GgufHeader> {
  const file = await openModel(path);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw modelNotFound(path, "It is a folder or a device, not a file.");
    return await parse(path, new HeaderCursor(file, stats.size));
  } catch (error) {
    if (error instanceof MalformedHeader) throw modelCorrupt(path, error.message, error);
    throw error;
  } finally {
    await file.close();
  }
}

async function openModel(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw modelNotFound(path, "The file was moved or the path is mistyped.");
    if (code === "EISDIR") throw modelNotFound(path, "It is a folder, not a file.");
    throw error;
  }
}

async function parse(path: string, cursor: HeaderCursor): Promise<GgufHeader> {
  const magic = await cursor.value(4, (buffer, at) => buffer.toString("latin1", at, at + 4));
  if (magic !== "GGUF") throw new MalformedHeader("it does not begin with the letters GGUF");
  const version = await cursor.u32();
  // A big-endian file shows its version in the high byte.
  if (version !== 2 && version !== 3) throw modelUnsupported(path, `its GGUF version is ${version}, not 2 or 3`);
  const tensorCount = await cursor.u64();
  const keyCount = await cursor.u64();
  // A key takes at least 13 bytes, a tensor at least 25.
  if (keyCount > Math.min(limits.keys, cursor.remaining / 13))
    throw new MalformedHeader(`it announces ${keyCount} keys`);
  if (tensorCount > Math.min(limits.tensors, cursor.remaining / 25))
    throw new MalformedHeader(`it announces ${tensorCount} tensors`);
  const metadata = await readMetadata(cursor, keyCount);
  const alignment = readAlignment(metadata);
  const announced = await readTensorTable(path, cursor, tensorCount);
  const dataStart = align(cursor.position, alignment);
  const tensors = placeTensors(announced, alignment, cursor.size - dataStart);
  const parts = [{ path, bytes: cursor.size, dataStart }];
  return { path, version, fileBytes: cursor.size, alignment, dataStart, parts, metadata, tensors };
}

async function readMetadata(cursor: HeaderCursor, count: number): Promise<Map<string, GgufValue>> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = await cursor.text(await cursor.u64(), limits.keyBytes);
    if (key === "" || metadata.has(key)) throw new MalformedHeader(`the key "${key}" is empty or there twice`);
    metadata.set(key, await readValue(cursor, await cursor.u32()));
  }
  return metadata;
}

interface Scalar {
  readonly name: string;
  readonly bytes: number;
  readonly read: (buffer: Buffer, at: number) => number | bigint | boolean;
}

const textType = 8;
const arrayType = 9;

const scalars: ReadonlyMap<number, Scalar> = new Map<number, Scalar>([
  [0, { name: "u8", bytes: 1, read: (buffer, at) => buffer.readUInt8(at) }],
  [1, { name: "i8", bytes: 1, read: (buffer, at) => buffer.readInt8(at) }],
  [2, { name: "u16", bytes: 2, read: (buffer, at) => buffer.readUInt16LE(at) }],
  [3, { name: "i16", bytes: 2, read: (buffer, at) => buffer.readInt16LE(at) }],
  [4, { name: "u32", bytes: 4, read: (buffer, at) => buffer.readUInt32LE(at) }],
  [5, { name: "i32", bytes: 4, read: (buffer, at) => buffer.readInt32LE(at) }],
  [6, { name: "f32", bytes: 4, read: (buffer, at) => buffer.readFloatLE(at) }],
  [7, { name: "bool", bytes: 1, read: (buffer, at) => buffer.readUInt8(at) !== 0 }],
  [10, { name: "u64", bytes: 8, read: (buffer, at) => numberOrBig(buffer.readBigUInt64LE(at)) }],
  [11, { name: "i64", bytes: 8, read: (buffer, at) => numberOrBig(buffer.readBigInt64LE(at)) }],
  [12, { name: "f64", bytes: 8, read: (buffer, at) => buffer.readDoubleLE(at) }],
]);

function numberOrBig(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

async function readValue(cursor: HeaderCursor, type: number): Promise<GgufValue> {
  if (type === textType) return cursor.text(await cursor.u64(), limits.textBytes);
  if (type === arrayType) return readArray(cursor, await cursor.u32(), await cursor.u64());
  const scalar = scalars.get(type);
  if (scalar === undefined) throw new MalformedHeader(`a value has the unknown type ${type}`);
  return cursor.value(scalar.bytes, scalar.read);
}

async function readArray(cursor: HeaderCursor, type: number, length: number): Promise<GgufArray> {
  const scalar = scalars.get(type);
  if (scalar === undefined && type !== textType) throw new MalformedHeader(`an array has the element type ${type}`);
  if (length * (scalar?.bytes ?? 8) > cursor.remaining)
    throw new MalformedHeader(`an array announces ${length} elements`);
  const keep = length <= keptArrayValues;
  const values: (number | bigint | boolean | string)[] = [];
  if (scalar !== undefined && !keep) cursor.skip(length * scalar.bytes);
  else
    for (let i = 0; i < length; i++) {
      if (scalar !== undefined) values.push(await cursor.value(scalar.bytes, scalar.read));
      else if (keep) values.push(await cursor.text(await cursor.u64(), limits.textBytes));
      else cursor.skip(await cursor.u64());
    }
  return { elementType: scalar?.name ?? "text", length, values: keep ? values : null };
}

function readAlignment(metadata: ReadonlyMap<string, GgufValue>): number {
  const value = metadata.get("general.alignment") ?? 32;
  const isPowerOfTwo = typeof value === "number" && Number.isInteger(value) && value > 0 && (value & (value - 1)) === 0;
  if (!isPowerOfTwo || value < 8 || value > limits.alignment)
    throw new MalformedHeader(`its alignment is ${String(value)}`);
  return value;
}

type AnnouncedTensor = Omit<GgufTensor, "bytes" | "type" | "part"> & { readonly type: GgmlType };

async function readTensorTable(path: string, cursor: HeaderCursor, count: number): Promise<AnnouncedTensor[]> {
  const tensors: AnnouncedTensor[] = [];
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    const name = await cursor.text(await cursor.u64(), limits.keyBytes);
    if (name === "" || names.has(name)) throw new MalformedHeader(`the tensor "${name}" is nameless or there twice`);
    names.add(name);
    const rank = await cursor.u32();
    if (rank < 1 || rank > 4) throw new MalformedHeader(`the tensor "${name}" has ${rank} dimensions`);
    const dimensions: number[] = [];
    for (let d = 0; d < rank; d++) dimensions.push(await cursor.u64());
    const elements = dimensions.reduce((product, size) => product * size, 1);
    if (elements === 0 || !Number.isSafeInteger(elements))
      throw new MalformedHeader(`the tensor "${name}" has the shape ${dimensions.join("×")}`);
    const typeId = await cursor.u32();
    const type = ggmlTypes.get(typeId);
    if (type === undefined) throw modelUnsupported(path, `the tensor "${name}" has the unknown type ${typeId}`);
    if ((dimensions[0] as number) % type.blockSize !== 0)
      throw new MalformedHeader(`rows of ${dimensions[0]} do not fit the blocks of ${type.name} in "${name}"`);
    tensors.push({ name, dimensions, elements, type, offset: await cursor.u64() });
  }
  return tensors;
}

/** Tensors lie in the order of the table, each at the next aligned offset, all of them inside the file. */
function placeTensors(announced: readonly AnnouncedTensor[], alignment: number, available: number): GgufTensor[] {
  let expected = 0;
  return announced.map(({ type, ...tensor }) => {
    const bytes = (tensor.elements / type.blockSize) * type.blockBytes;
    if (tensor.offset !== expected)
      throw new MalformedHeader(`the tensor "${tensor.name}" lies at ${tensor.offset} instead of ${expected}`);
    if (tensor.offset + bytes > available)
      throw new MalformedHeader(
        `the tensor "${tensor.name}" ends ${tensor.offset + bytes - available} bytes behind the end of the file`,
      );
    expected = align(tensor.offset + bytes, alignment);
    return { ...tensor, type: type.name, bytes, part: 0 };
  });
}

function align(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
