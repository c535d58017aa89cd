/**
 * How many rows must be computed together so that none of them depends on the others, to the last bit.
 *
 * It depends on processor, weight type, library and adapter, because llama.cpp takes other matrix kernels for other
 * numbers of rows. Measured on x86 with AMX, v0.5.0: Q8_0, Q6_K, Q4_0 need no grouping at all; F32, F16 and BF16
 * compute a single row differently from two and more; Q4_K computes rows in fours and what is left over differently.
 * The trial sees logits, and where activations are quantized between two layers a difference in the last bit shows only
 * now and then. So float matrices (an adapter's are always) count as needing groups without a trial.
 *
 * A deterministic engine fills its batches up to such a multiple; where none is found, it computes one row at a time.
 * Where grouping is needed, prompts are evaluated alone: of a prompt only the last row goes through the last layer and
 * the head, and that single row would have company or not.
 */
import type { LlamaModel, Token } from "node-llama-cpp";
import type { GgufHeader } from "../ggufHeader.ts";
import { arrayValue } from "../metadata.ts";
import { type BatchRules, isolatedRules, type Phase } from "./batching.ts";
import { BatchState } from "./batchState.ts";
import { Slot } from "./slot.ts";

const candidates = [1, 4, 8];
const floatTypes = new Set(["F32", "F16", "BF16"]);
/** Different tokens that each grouping is tried with. */
const trialTokens = 4;
/** Sequences of the trial; numbers of rows at which kernels are known to change lie below. */
const trialSequences = 16;
const groupSizes = [1, 2, 3, 4, 5, 8, 16];
const trialContext = 256;
const readTokens = 48;

/**
 * The loosest rules that keep every row the same, by trial on a small context of its own.
 *
 * @param lora the adapter in force; its matrices count too
 */
export async function measureBatchRules(
  model: LlamaModel,
  options: { header: GgufHeader; threads: number; lora: string | null },
): Promise<BatchRules> {
  const state = new BatchState(isolatedRules);
  const context = await model.createContext({
    sequences: trialSequences,
    contextSize: trialContext,
    batchSize: trialContext,
    flashAttention: false,
    threads: { ideal: options.threads, min: options.threads },
    batching: { itemPrioritizationStrategy: state.strategy() },
    failedCreationRemedy: false,
    ...(options.lora === null ? {} : { lora: options.lora }),
  });
  try {
    state.slots = Array.from({ length: trialSequences }, (_, ticket) => new Slot(context.getSequence(), ticket));
    const trial = new Trial(state, arrayValue(options.header, "tokenizer.ggml.tokens")?.length ?? 1);
    await trial.prepare();
    const least = options.lora !== null || hasFloatMatrix(options.header) ? 2 : 1;
    for (const rows of candidates)
      if (rows >= least && (await trial.tokensAgree(rows)))
        return { rows, prompts: rows === 1 && (await trial.promptsAgree()) ? "equal" : "alone" };
    return isolatedRules;
  } finally {
    await context.dispose();
  }
}

/** Whether a matrix product of the model has a float matrix; the embedding is only looked up, unless it is the head. */
function hasFloatMatrix({ tensors }: GgufHeader): boolean {
  const tied = !tensors.some(({ name }) => name === "output.weight");
  return tensors.some(
    ({ name, dimensions, type }) =>
      dimensions.length > 1 && floatTypes.has(type) && (tied || name !== "token_embd.weight"),
  );
}

class Trial {
  private readonly state: BatchState;
  private readonly vocabulary: number;

  constructor(state: BatchState, vocabulary: number) {
    this.state = state;
    this.vocabulary = vocabulary;
  }

  /** Every sequence starts from the same three tokens. */
  async prepare(): Promise<void> {
    const tokens = this.tokens(1, 3);
    this.state.rules = isolatedRules;
    const [first, ...others] = this.state.slots;
    if (first === undefined) return;
    await first.perform({ kind: "prompt", tokens });
    first.prefix = { key: "trial", length: tokens.length };
    for (const slot of others) {
      if (await slot.takePrefix(first)) continue;
      await slot.perform({ kind: "prompt", tokens });
      slot.prefix = first.prefix;
    }
  }

  /** Whether all rows are the same in batches of `rows` single tokens, twice `rows`, … */
  async tokensAgree(rows: number): Promise<boolean> {
    const sizes = groupSizes.map((n) => n * rows).filter((size) => size <= trialSequences);
    for (let i = 0; i < trialTokens; i++)
      if ((await this.outcomes(sizes, { rows, prompts: "alone" }, "decode", this.tokens(4 + i, 1))).size !== 1)
        return false;
    return true;
  }

  /** Whether prompts of equal length come out alone as they do together. */
  async promptsAgree(): Promise<boolean> {
    return (await this.outcomes(groupSizes, { rows: 1, prompts: "equal" }, "prompt", this.tokens(5, 7))).size === 1;
  }

  /** The different results, as texts of exact numbers, over all rows of batches of these sizes. */
  private async outcomes(
    sizes: readonly number[],
    rules: BatchRules,
    phase: Phase,
    tokens: readonly Token[],
  ): Promise<Set<string>> {
    this.state.rules = rules;
    this.state.phase = phase;
    const read = this.tokens(0, readTokens);
    const different = new Set<string>();
    for (const size of sizes) {
      const slots = this.state.slots.slice(0, size);
      const answers = await Promise.all(slots.map((slot) => slot.perform({ kind: "prompt", tokens, read })));
      for (const answer of answers) different.add(exactText(answer as ReadonlyMap<Token, number>));
      for (const slot of slots) await slot.cutToPrefix();
    }
    return different;
  }

  /** Ids spread over the vocabulary. */
  private tokens(start: number, count: number): Token[] {
    return Array.from({ length: count }, (_, i) => (((start + i) * 7919 + 11) % this.vocabulary) as Token);
  }
}

function exactText(logits: ReadonlyMap<Token, number>): string {
  return JSON.stringify([...logits].sort((a, b) => a[0] - b[0]));
}
