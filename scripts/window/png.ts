/** PNG files made smaller without changing a pixel: a browser compresses for speed, a repository wants size. */
import { crc32, deflateSync, inflateSync } from "node:zlib";

const signature = 8;

/** The same picture with its data deflated as far as zlib goes; the input when that is no smaller. */
export function recompress(png: Buffer): Buffer {
  const chunks = chunksOf(png);
  const data = Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ body }) => body));
  const smaller = deflateSync(inflateSync(data), { level: 9, memLevel: 9 });
  const at = chunks.findIndex(({ type }) => type === "IDAT");
  const rest = chunks.filter(({ type }) => type !== "IDAT");
  rest.splice(at, 0, { type: "IDAT", body: smaller });
  const packed = Buffer.concat([png.subarray(0, signature), ...rest.map(chunkBytes)]);
  return packed.length < png.length ? packed : png;
}

interface Chunk {
  readonly type: string;
  readonly body: Buffer;
}

/** PNG, section 5.3: length, type, data, CRC over type and data. */
function chunksOf(png: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = signature; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.push({ type: png.toString("latin1", at + 4, at + 8), body: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function chunkBytes({ type, body }: Chunk): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), body]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}
