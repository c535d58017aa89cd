import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { openLanguageModel } from "../../../core/models/llama/loadedModel.ts";
import { openTokenizer } from "../../../core/models/llama/tokenizer.ts";
import { adapterFile, f32Model } from "./fixtures.ts";

let folder: string;
let good: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "folkmoot-models-"));
  good = await readFile(f32Model);
});
afterAll(() => rm(folder, { recursive: true }));

async function codeOfLoading(bytes: Uint8Array, adapter: string | null = null): Promise<string> {
  const path = join(folder, "model.gguf");
  await writeFile(path, bytes);
  try {
    const model = await openLanguageModel({ path, adapter, sequences: 1, threads: 1, contextSize: 256 });
    await model.dispose();
    return "loaded";
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}

/** The file with the bytes of one tensor overwritten. */
async function withTensor(name: string, fill: (data: Buffer) => void): Promise<Buffer> {
  const header = await readGgufHeader(f32Model);
  const tensor = header.tensors.find((candidate) => candidate.name === name);
  if (tensor === undefined) throw new Error(`no tensor ${name}`);
  const copy = Buffer.from(good);
  fill(copy.subarray(header.dataStart + tensor.offset, header.dataStart + tensor.offset + tensor.bytes));
  return copy;
}

describe("loading a bad file", () => {
  it.each([
    ["empty", () => Buffer.alloc(0)],
    ["random", () => randomBytes(100_000)],
    ["cut in half", () => good.subarray(0, good.length / 2)],
    ["short of its last byte", () => good.subarray(0, good.length - 1)],
    ["only a header", () => good.subarray(0, 13_000)],
  ])("is refused with a code: %s", async (_, bytes) => {
    expect(await codeOfLoading(bytes())).toBe("model-corrupt");
  });

  it("is refused when weights are no numbers, which would otherwise speak token 0 for ever", async () => {
    const nan = await withTensor("blk.0.ffn_up.weight", (data) => data.writeFloatLE(Number.NaN, 400));
    expect(await codeOfLoading(nan)).toBe("model-corrupt");
  });

  it("is refused when llama.cpp finds a shape that the header check does not know", async () => {
    const bytes = Buffer.from(good);
    const at = bytes.indexOf("llama.feed_forward_length") + "llama.feed_forward_length".length + 4;
    bytes.writeUInt32LE(96, at);
    expect(await codeOfLoading(bytes)).toBe("model-corrupt");
  });

  it("names a model as adapter and an adapter as model for what they are", async () => {
    expect(await codeOfLoading(good, f32Model)).toBe("model-unsupported");
    expect(await codeOfLoading(await readFile(adapterFile))).toBe("model-unsupported");
    expect(await codeOfLoading(good, join(folder, "none.gguf"))).toBe("model-not-found");
  });

  it("tells a missing model from a bad one", async () => {
    const call = openLanguageModel({ path: join(folder, "none.gguf"), threads: 1 });
    await expect(call).rejects.toMatchObject({ code: "model-not-found" });
  });

  it("leaves the process fit to load a good one", async () => {
    expect(await codeOfLoading(good.subarray(0, 5000))).toBe("model-corrupt");
    expect(await codeOfLoading(good)).toBe("loaded");
  });
});

describe("openTokenizer", () => {
  it("loads a vocabulary without weights and gives texts back", async () => {
    await using tokenizer = await openTokenizer(f32Model);
    expect([tokenizer.bos, tokenizer.eos, tokenizer.vocabulary]).toEqual([1, 2, 512]);
    for (const text of ["Hello there", "### Response:\n", "grüße — 7 z", "</s> is text here"]) {
      const tokens = tokenizer.tokenize(text);
      expect(tokens).not.toContain(tokenizer.eos);
      expect(tokenizer.detokenize(tokens).trimStart()).toBe(text);
    }
    expect(tokenizer.tokenize("")).toEqual([]);
  });
});
