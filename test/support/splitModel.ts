/** Cuts a GGUF into several files as llama.cpp's gguf-split does, or wrong in whatever way a test wants. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type GgufTensor, readGgufHeader } from "../../core/models/ggufHeader.ts";
import { aligned, padded, text, u16, u32, u64 } from "./ggufEncoding.ts";

export interface PartSpec {
  /** Its ending included. */
  readonly name: string;
  readonly no: number;
  readonly count: number;
  /** split.tensors.count; null leaves the key out. */
  readonly tensorCount: number | null;
  /** general.architecture of a part other than the first, which have none. */
  readonly architecture?: string;
  /** Of its tensors, bytes; default 32. */
  readonly alignment?: number;
  readonly tensors: readonly GgufTensor[];
}

export interface SplitOptions {
  /** File name without its ending; default `split`. */
  readonly name?: string;
  /** Tensors in each part but the last; default: about a third each. */
  readonly sizes?: readonly number[];
  /** What a part is to be instead; null leaves the file out. */
  readonly alter?: (part: PartSpec, index: number) => PartSpec | null;
}

/** @returns the paths of all parts, also of one that was left out */
export async function splitModel(source: string, folder: string, options: SplitOptions = {}): Promise<string[]> {
  const { name = "split", alter = (part) => part } = options;
  const [header, bytes] = [await readGgufHeader(source), await readFile(source)];
  const third = Math.ceil(header.tensors.length / 3);
  const sizes = options.sizes ?? [third, third];
  const count = sizes.length + 1;
  const paths: string[] = [];
  for (let index = 0, from = 0; index < count; index++) {
    const to = from + (sizes[index] ?? header.tensors.length);
    const file = `${name}-${five(index + 1)}-of-${five(count)}.gguf`;
    const tensors = header.tensors.slice(from, to);
    const part = alter({ name: file, no: index, count, tensorCount: header.tensors.length, tensors }, index);
    paths.push(join(folder, part?.name ?? file));
    if (part !== null) await writeFile(paths[index] as string, partBytes(part, index, bytes, header.dataStart));
    from = to;
  }
  return paths;
}

function partBytes(part: PartSpec, index: number, whole: Buffer, dataStart: number): Buffer {
  const { no, count, tensorCount, architecture, alignment, tensors } = part;
  const own = index === 0 ? { count: Number(whole.readBigUInt64LE(16)), bytes: metadataOf(whole) } : null;
  const entries = [
    Buffer.concat([text("split.no"), u32(2), u16(no)]),
    Buffer.concat([text("split.count"), u32(2), u16(count)]),
    ...(tensorCount === null ? [] : [Buffer.concat([text("split.tensors.count"), u32(5), u32(tensorCount)])]),
    ...(architecture === undefined ? [] : [Buffer.concat([text("general.architecture"), u32(8), text(architecture)])]),
    ...(alignment === undefined ? [] : [Buffer.concat([text("general.alignment"), u32(4), u32(alignment)])]),
  ];
  let offset = 0;
  const table = tensors.map(({ name, dimensions, bytes: size }) => {
    const at = offset;
    offset += aligned(size, alignment);
    const type = u32(typeIn(whole, name, dimensions.length));
    return Buffer.concat([text(name), u32(dimensions.length), ...dimensions.map(u64), type, u64(at)]);
  });
  const header = Buffer.concat([
    whole.subarray(0, 8),
    u64(tensors.length),
    u64((own?.count ?? 0) + entries.length),
    own?.bytes ?? Buffer.alloc(0),
    ...entries,
    ...table,
  ]);
  const data = tensors.map(({ offset: at, bytes: size }) =>
    padded(whole.subarray(dataStart + at, dataStart + at + size), alignment),
  );
  return Buffer.concat([padded(header, alignment), ...data]);
}

/** The key-value section as it stands. */
function metadataOf(whole: Buffer): Buffer {
  let at = 24;
  const widths: Readonly<Record<number, number>> = {
    0: 1,
    1: 1,
    2: 2,
    3: 2,
    4: 4,
    5: 4,
    6: 4,
    7: 1,
    10: 8,
    11: 8,
    12: 8,
  };
  const skipText = () => {
    at += 8 + Number(whole.readBigUInt64LE(at));
  };
  const skipValue = (type: number) => {
    if (type === 8) skipText();
    else at += widths[type] ?? Number.NaN;
  };
  for (let left = Number(whole.readBigUInt64LE(16)); left > 0; left--) {
    skipText();
    const type = whole.readUInt32LE(at);
    at += 4;
    if (type !== 9) skipValue(type);
    else {
      const [element, length] = [whole.readUInt32LE(at), Number(whole.readBigUInt64LE(at + 4))];
      at += 12;
      for (let i = 0; i < length; i++) skipValue(element);
    }
  }
  return whole.subarray(24, at);
}

/** The type's number as it stands in the tensor table. */
function typeIn(whole: Buffer, name: string, rank: number): number {
  const at = whole.indexOf(text(name));
  return whole.readUInt32LE(at + 8 + Buffer.byteLength(name) + 4 + 8 * rank);
}

const five = (number: number) => String(number).padStart(5, "0");
