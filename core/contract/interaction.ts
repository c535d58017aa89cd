/** The interaction record: one question through draft, feedback, revision and the observer's scores. */
import { z } from "zod";

/** Probabilities of the seven rating digits, index 0 = rating 1; they sum to 1. */
export const ratingProbabilities = z.array(z.number()).length(7);

/**
 * One rating on the 1-7 Likert scale with its reason (paper section 3: alignment and engagement).
 * `rating` is null when it could not be read (remote engines only); it then stays out of averages, data and exports.
 * `expected` = Σ i·pᵢ; null together with `probabilities`.
 */
export const ratedReason = z.object({
  rating: z.number().int().min(1).max(7).nullable(),
  probabilities: ratingProbabilities.nullable(),
  expected: z.number().nullable(),
  reason: z.string(),
});

export const recalledMemory = z.object({
  question: z.string(),
  answer: z.string(),
  /** Cosine distance between the embeddings of the two questions, 0 = same direction. */
  distance: z.number(),
});

export const agentIdentity = z.object({
  /** Row-major index in the grid, from 0. */
  id: z.number().int().nonnegative(),
  row: z.number().int().nonnegative(),
  column: z.number().int().nonnegative(),
  label: z.enum(["good", "bad"]),
  /** SHA-256 of the GGUF that the agent speaks with. */
  model: z.string(),
  /** SHA-256 of the adapter, null for the bare model. */
  adapter: z.string().nullable(),
});

export const feedback = ratedReason.extend({
  /** The id of the agent who gave it. */
  peer: z.number().int().nonnegative(),
  recalled: recalledMemory.nullable(),
});

export const observerScores = z.object({ alignment: ratedReason, engagement: ratedReason });

export const callRoles = [
  "draft",
  "feedback",
  "revision",
  "observer-before-alignment",
  "observer-before-engagement",
  "observer-after-alignment",
  "observer-after-engagement",
] as const;

/** One model call with everything needed to make it again. */
export const modelCall = z.object({
  role: z.enum(callRoles),
  /** The peer's id for feedback calls, else null. */
  peer: z.number().int().nonnegative().nullable(),
  prompt: z.string(),
  completion: z.string(),
  promptTokens: z.number().int().nonnegative(),
  completionTokens: z.number().int().nonnegative(),
  /** Unsigned 32-bit seed of the call's sampler. */
  seed: z.number().int().nonnegative(),
});

/** One line of interactions.jsonl. No durations or rates: equal runs have equal records (definitions.md). */
export const interactionRecord = z.object({
  /** `r<round>-a<agent>`, unique within its run. */
  id: z.string(),
  run: z.string(),
  /** From 1. */
  round: z.number().int().positive(),
  agent: agentIdentity,
  question: z.string(),
  recalled: recalledMemory.nullable(),
  draft: z.string(),
  observer: z.object({ before: observerScores, after: observerScores }),
  /** In the order in which the reviser read it: highest rating first, the harshest last. */
  feedback: z.array(feedback),
  revision: z.string(),
  /** With `revisions` > 1: the answers between draft and revision, each with the feedback it got. Else absent. */
  interim: z.array(z.object({ answer: z.string(), feedback: z.array(feedback) })).optional(),
  calls: z.array(modelCall),
  /** A person's change to this interaction, absent when nobody intervened. */
  intervention: z.object({ field: z.string(), note: z.string() }).optional(),
});

export type RatedReason = z.infer<typeof ratedReason>;
export type RecalledMemory = z.infer<typeof recalledMemory>;
export type AgentIdentity = z.infer<typeof agentIdentity>;
export type Feedback = z.infer<typeof feedback>;
export type ObserverScores = z.infer<typeof observerScores>;
export type CallRole = (typeof callRoles)[number];
export type ModelCall = z.infer<typeof modelCall>;
export type InteractionRecord = z.infer<typeof interactionRecord>;
