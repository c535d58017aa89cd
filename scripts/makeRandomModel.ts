/**
 * Writes a Llama GGUF with random weights: `node scripts/makeRandomModel.ts OUT.gguf [--encoding Q8_0] [--seed 1]
 * [--layers 12] [--embedding 768] [--heads 12] [--kv-heads 4] [--feed-forward 2048] [--vocabulary 32000]
 * [--context 2048] [--tied]`. The defaults are the 125 M shape.
 */
import { parseArgs } from "node:util";
import { z } from "zod";
import { encodings } from "../core/models/tensorEncoding.ts";
import { model125M, writeRandomModel } from "./models/randomModel.ts";

const { shape, vocabularySize, encoding, seed } = model125M;
const count = z.coerce.number().int().positive();
const arguments_ = z.object({
  encoding: z.enum(encodings).default(encoding),
  seed: z.coerce.number().int().nonnegative().default(seed),
  layers: count.default(shape.layers),
  embedding: count.default(shape.embedding),
  heads: count.default(shape.heads),
  "kv-heads": count.default(shape.kvHeads),
  "feed-forward": count.default(shape.feedForward),
  vocabulary: count.default(vocabularySize),
  context: count.default(shape.contextLength),
  tied: z.boolean().default(shape.tied),
});

const names = Object.keys(arguments_.shape) as (keyof typeof arguments_.shape)[];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(names.map((name) => [name, { type: name === "tied" ? "boolean" : "string" }] as const)),
});
const path = z.string({ error: "name the file to write" }).parse(positionals[0]);
const options = arguments_.parse(values);
await writeRandomModel(path, {
  shape: {
    layers: options.layers,
    embedding: options.embedding,
    heads: options.heads,
    kvHeads: options["kv-heads"],
    feedForward: options["feed-forward"],
    contextLength: options.context,
    tied: options.tied,
  },
  vocabularySize: options.vocabulary,
  encoding: options.encoding,
  seed: options.seed,
});
