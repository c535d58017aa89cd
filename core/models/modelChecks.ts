/**
 * What a model file must say about itself before any native code sees it. llama.cpp answers most nonsense with an
 * error, but some of it with an abort of the process (block count 4e9, no heads, an epsilon that is no number, norms
 * stored as integers); what is refused here never reaches it.
 */
import { type GgufHeader, readGgufHeader } from "./ggufHeader.ts";
import { arrayValue, countValue, numberValue, textValue } from "./metadata.ts";
import { keyMissing, modelCorrupt, modelUnsupported } from "./modelErrors.ts";

const mostBlocks = 1024;
const mostHeads = 4096;
const mostEmbedding = 1 << 20;
const matrixTypesRefused = new Set(["I8", "I16", "I32", "I64", "F64", "Q8_1", "Q8_K"]);

/**
 * @throws FolkmootError `model-unsupported` for adapters, projectors and the like, and for unknown architectures that
 *   do not say what a model must; `model-corrupt` for shapes and constants that no model can have.
 */
export function checkModelHeader(header: GgufHeader): void {
  const { path } = header;
  const architecture = textValue(header, "general.architecture");
  if (architecture === null || architecture === "") throw modelCorrupt(path, "it names no architecture");
  const type = textValue(header, "general.type");
  if (type !== null && type !== "model") throw modelUnsupported(path, `it holds a ${type}, not a model`);
  checkCounts(header, architecture);
  checkConstants(header, architecture);
  checkTensorTypes(header);
  checkVocabulary(header);
}

/** Every file, before anything is written about it: a damaged model must not leave a run behind that then names it. */
export async function checkModelFiles(paths: Iterable<string>): Promise<void> {
  for (const path of new Set(paths)) checkModelHeader(await readGgufHeader(path));
}

function checkCounts(header: GgufHeader, architecture: string): void {
  const blocks = within(header, `${architecture}.block_count`, mostBlocks);
  const embedding = within(header, `${architecture}.embedding_length`, mostEmbedding);
  within(header, `${architecture}.context_length`, 1 << 30);
  const heads = optionalWithin(header, `${architecture}.attention.head_count`, mostHeads);
  const kvHeads = optionalWithin(header, `${architecture}.attention.head_count_kv`, mostHeads);
  if (heads !== null && kvHeads !== null && (kvHeads > heads || heads % kvHeads !== 0))
    throw modelCorrupt(header.path, `${heads} attention heads cannot share ${kvHeads} key-value heads`);
  const keyLength = optionalWithin(header, `${architecture}.attention.key_length`, mostEmbedding);
  if (heads !== null && keyLength === null && embedding % heads !== 0)
    throw modelCorrupt(header.path, `an embedding of ${embedding} cannot be split among ${heads} heads`);
  optionalWithin(header, `${architecture}.attention.value_length`, mostEmbedding);
  optionalWithin(header, `${architecture}.rope.dimension_count`, mostEmbedding);
  optionalWithin(header, `${architecture}.feed_forward_length`, 1 << 24);
  checkExperts(header, architecture);
  checkBlocks(header, blocks);
}

/** llama.cpp asserts it, also where it reads the vocabulary only. */
function checkExperts(header: GgufHeader, architecture: string): void {
  const experts = numberValue(header, `${architecture}.expert_count`) ?? 0;
  const used = numberValue(header, `${architecture}.expert_used_count`) ?? 0;
  if (experts === 0 ? used !== 0 : !(used >= 1 && used <= experts))
    throw modelCorrupt(header.path, `${used} of ${experts} experts cannot be used`);
}

/** Every announced block must have tensors. */
function checkBlocks(header: GgufHeader, blocks: number): void {
  const present = new Set<number>();
  for (const { name } of header.tensors) {
    const match = /^blk\.(\d+)\./.exec(name);
    if (match !== null) present.add(Number(match[1]));
  }
  for (let block = 0; block < blocks; block++)
    if (!present.has(block))
      throw modelCorrupt(header.path, `it announces ${blocks} blocks, but block ${block} is not there`);
}

function checkConstants(header: GgufHeader, architecture: string): void {
  for (const key of ["attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon", "rope.freq_base"]) {
    const value = numberValue(header, `${architecture}.${key}`);
    const tooLarge = key.endsWith("epsilon") ? 1 : Number.POSITIVE_INFINITY;
    if (value !== null && !(Number.isFinite(value) && value > 0 && value < tooLarge))
      throw modelCorrupt(header.path, `${architecture}.${key} is ${value}`);
  }
  for (const [key, value] of header.metadata)
    if (key.startsWith(`${architecture}.`) && typeof value === "number" && !Number.isFinite(value))
      throw modelCorrupt(header.path, `${key} is ${value}`);
}

function checkTensorTypes(header: GgufHeader): void {
  for (const { name, dimensions, type } of header.tensors) {
    const isVector = dimensions.length === 1 || dimensions.slice(1).every((size) => size === 1);
    if (isVector && /(norm|bias)/.test(name) && type !== "F32")
      throw modelCorrupt(header.path, `the tensor "${name}" has the type ${type} instead of F32`);
    if (!isVector && name.endsWith(".weight") && matrixTypesRefused.has(type))
      throw modelUnsupported(header.path, `the tensor "${name}" has the type ${type}, which no weight can have`);
  }
}

/** A file may go without a tokenizer (weights alone); one that names its tokenizer must have its words. */
function checkVocabulary(header: GgufHeader): void {
  if (["none", "no_vocab", null].includes(textValue(header, "tokenizer.ggml.model"))) return;
  const tokens = arrayValue(header, "tokenizer.ggml.tokens");
  if (tokens === null || tokens.length === 0) throw modelCorrupt(header.path, "it has no vocabulary");
  for (const key of ["tokenizer.ggml.scores", "tokenizer.ggml.token_type"]) {
    const list = arrayValue(header, key);
    if (list !== null && list.length !== tokens.length)
      throw modelCorrupt(header.path, `${key} has ${list.length} entries for ${tokens.length} tokens`);
  }
  for (const key of ["tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id"]) {
    const id = numberValue(header, key);
    if (id !== null && (id < 0 || id >= tokens.length))
      throw modelCorrupt(header.path, `${key} is ${id}, outside of the vocabulary of ${tokens.length}`);
  }
}

function within(header: GgufHeader, key: string, most: number): number {
  const value = optionalWithin(header, key, most);
  if (value === null) throw keyMissing(header.path, textValue(header, "general.architecture") ?? "", key);
  return value;
}

function optionalWithin(header: GgufHeader, key: string, most: number): number | null {
  const value = countValue(header, key);
  if (value !== null && !(Number.isInteger(value) && value >= 1 && value <= most))
    throw modelCorrupt(header.path, `${key} is ${value}`);
  return value;
}
