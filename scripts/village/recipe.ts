/** How the demo model is made. Everything that decides its bytes is here or in the grammar. */
import type { LlamaShape } from "../models/llamaFile.ts";
import type { ConversationMix } from "./conversations.ts";

export interface Recipe {
  readonly seed: number;
  readonly shape: LlamaShape;
  /** Standard deviations of the random embedding and head, which stay as they are: only the linears are trained. */
  readonly embeddingDeviation: number;
  readonly headDeviation: number;
  /** Prompt and response tokens seen in all. */
  readonly tokens: number;
  /** Groups of conversations per optimizer step. */
  readonly groupsPerStep: number;
  readonly mix: ConversationMix;
  /** Weight of a prompt token behind the shared beginning; response tokens weigh 1. */
  readonly promptWeight: number;
  /** Weight of the token that decides a response: a rating's digit, the first word after a memory. */
  readonly decisionWeight: number;
  readonly learningRate: number;
  /** Steps until the full learning rate. */
  readonly warmupSteps: number;
  /** Share of the tokens after which the rate falls in a line to `finalRate` of itself. */
  readonly decayFrom: number;
  readonly finalRate: number;
  readonly beta2: number;
}

const full: Recipe = {
  seed: 1,
  shape: {
    layers: 4,
    embedding: 128,
    heads: 4,
    kvHeads: 4,
    feedForward: 384,
    contextLength: 1024,
    tied: false,
  },
  embeddingDeviation: 0.25,
  headDeviation: 0.2,
  tokens: 4_800_000,
  groupsPerStep: 2,
  mix: { draft: 0.1, recall: 0.35, rating: 0.18, peer: 0.14, engagement: 0.12, revision: 0.16 },
  promptWeight: 0.1,
  decisionWeight: 5,
  learningRate: 1.2e-3,
  warmupSteps: 30,
  decayFrom: 0.3,
  finalRate: 0.02,
  beta2: 0.99,
};

export const recipeSizes = ["full", "small"] as const;

/** `small` learns the forms only, in less than a minute: enough to see that all of it works. */
export const recipes: Readonly<Record<(typeof recipeSizes)[number], Recipe>> = {
  full,
  small: {
    ...full,
    tokens: 60_000,
    learningRate: 3e-3,
    shape: { ...full.shape, layers: 2, embedding: 64, feedForward: 128 },
  },
};
