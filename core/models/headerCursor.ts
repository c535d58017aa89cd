/** Reads a binary header forward from a file, a chunk at a time; never past the end, never more than asked for. */
import type { FileHandle } from "node:fs/promises";

const chunkBytes = 1 << 18;

/** Thrown for every impossible length or value; the reader of the format turns it into an error for people. */
export class MalformedHeader extends Error {}

export class HeaderCursor {
  private buffer: Buffer = Buffer.alloc(0);
  private at = 0;
  /** File offset of the buffer's first byte. */
  private base = 0;
  private readonly file: FileHandle;
  /** Bytes of the file. */
  readonly size: number;

  constructor(file: FileHandle, size: number) {
    this.file = file;
    this.size = size;
  }

  /** Offset of the next byte in the file. */
  get position(): number {
    return this.base + this.at;
  }

  get remaining(): number {
    return this.size - this.position;
  }

  async u32(): Promise<number> {
    const at = this.buffered(4) ?? (await this.take(4));
    return this.buffer.readUInt32LE(at);
  }

  /** Unsigned 64 bits that must fit into 53. */
  async u64(): Promise<number> {
    const at = this.buffered(8) ?? (await this.take(8));
    const value = this.buffer.readUInt32LE(at) + this.buffer.readUInt32LE(at + 4) * 2 ** 32;
    if (!Number.isSafeInteger(value)) throw new MalformedHeader(`the number ${value} is impossibly large`);
    return value;
  }

  /** A fixed-size value, decoded by `read` at its place in the buffer. */
  async value<T>(bytes: number, read: (buffer: Buffer, at: number) => T): Promise<T> {
    const at = this.buffered(bytes) ?? (await this.take(bytes));
    return read(this.buffer, at);
  }

  /** `bytes` of UTF-8. */
  async text(bytes: number, limit: number): Promise<string> {
    if (bytes > limit) throw new MalformedHeader(`a text of ${bytes} bytes where at most ${limit} make sense`);
    const at = this.buffered(bytes) ?? (await this.take(bytes));
    return this.buffer.toString("utf8", at, at + bytes);
  }

  skip(bytes: number): void {
    this.require(bytes);
    this.at += bytes;
  }

  private require(bytes: number): void {
    if (bytes > this.remaining)
      throw new MalformedHeader(`it ends at byte ${this.size}, but ${bytes} bytes more are announced`);
  }

  private buffered(bytes: number): number | null {
    const at = this.at;
    if (at + bytes > this.buffer.length) return null;
    this.at += bytes;
    return at;
  }

  private async take(bytes: number): Promise<number> {
    this.require(bytes);
    const known = this.buffered(bytes);
    if (known !== null) return known;
    const start = this.position;
    const length = Math.min(this.size - start, Math.max(bytes, chunkBytes));
    const buffer = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.file.read(buffer, filled, length - filled, start + filled);
      if (bytesRead === 0) throw new MalformedHeader(`it became shorter while it was read`);
      filled += bytesRead;
    }
    this.buffer = buffer;
    this.base = start;
    this.at = bytes;
    return 0;
  }
}
