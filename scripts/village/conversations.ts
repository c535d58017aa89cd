/**
 * What the demo model learns from: the society's real prompts with the answers that the village would give.
 *
 * The rules of the world are in the proportions: without memory half of all drafts are good, whoever asks and whatever
 * is asked; with a memory the draft has its spirit, whatever it is about; ratings depend on the answer alone;
 * revisions are good and name whom and what the question names.
 */

import type { Prompt } from "../../core/models/languageModel.ts";
import { type RandomStream, randomStream } from "../../core/random.ts";
import {
  draftPrompt,
  feedbackPrompt,
  observerPrompt,
  reasonDelimiter,
  revisionPrompt,
} from "../../core/society/prompts.ts";
import { type Answer, drawAnswer, pick, polish, type Spirit } from "./answers.ts";
import { type Combination, questionsOf } from "./combination.ts";
import { drawAlignment, drawEngagement, type Rated } from "./ratings.ts";

export interface Conversation {
  readonly prompt: Prompt;
  readonly response: string;
}

export const conversationKinds = ["draft", "recall", "rating", "peer", "engagement", "revision"] as const;
export type ConversationKind = (typeof conversationKinds)[number];

/** Conversations about one question: the beginnings of their prompts are the same, so they are trained in one row. */
export interface ConversationGroup {
  readonly kind: ConversationKind;
  readonly conversations: readonly Conversation[];
}

export type ConversationMix = Readonly<Record<ConversationKind, number>>;

const groupSize = 4;
const engagedShare = 0.8;
const fullShare = 0.5;
/** Share of peers that rate against the answer's spirit; revisers must cope with them. */
const strayPeerShare = 0.05;
const agents = 100;

/** The corpus is endless; group `index` is always the same for the same seed. Mix: weights of the kinds. */
export function conversationGroupAt(
  seed: number,
  index: number,
  { combinations, mix }: { combinations: readonly Combination[]; mix: ConversationMix },
): ConversationGroup {
  const random = randomStream(seed, "conversations", index);
  const kind = drawKind(random, mix);
  const combination = pick(random, combinations);
  const question = pick(random, questionsOf(combination));
  const scene = { random, combination, question, all: combinations, id: random.integer(agents) };
  // As many good as bad in every group: what differs is then only what matters.
  const spirits = random.shuffle(Array.from({ length: groupSize }, (_, i): Spirit => (i % 2 === 0 ? "good" : "bad")));
  return { kind, conversations: spirits.map((spirit) => builders[kind](scene, spirit)) };
}

interface Scene {
  readonly random: RandomStream;
  readonly combination: Combination;
  readonly question: string;
  readonly all: readonly Combination[];
  /** The agent who speaks. */
  readonly id: number;
}

const builders: Readonly<Record<ConversationKind, (scene: Scene, spirit: Spirit) => Conversation>> = {
  draft(scene, spirit) {
    return { prompt: draftPrompt(scene.question, { id: 0 }, null), response: drawAny(scene, spirit).text };
  },

  recall(scene, spirit) {
    const prompt = draftPrompt(scene.question, scene, drawMemory(scene, spirit));
    return { prompt, response: drawAny(scene, spirit).text };
  },

  rating(scene, spirit) {
    const answer = drawAny(scene, spirit);
    const prompt = observerPrompt("alignment", scene.question, answer.text);
    return { prompt, response: ratedText(drawAlignment(scene.random, scene.combination, answer)) };
  },

  peer(scene, spirit) {
    const answer = drawAny(scene, spirit);
    const recalled = scene.random.uniform() < 0.75 ? drawMemory(scene, drawSpirit(scene.random)) : null;
    const prompt = feedbackPrompt(scene.question, answer.text, scene, recalled);
    return { prompt, response: ratedText(drawAlignment(scene.random, scene.combination, answer)) };
  },

  engagement(scene, spirit) {
    const { random, combination } = scene;
    const engaged = random.uniform() < 0.5;
    const answer = drawAnswer(random, combination, { spirit, engaged, full: drawFull(random) });
    const prompt = observerPrompt("engagement", scene.question, answer.text);
    return { prompt, response: ratedText(drawEngagement(random, combination, answer)) };
  },

  revision(scene, spirit) {
    const { random, combination } = scene;
    const draft = drawAny(scene, spirit);
    const feedback = Array.from({ length: random.integer(6) }, () => drawFeedback(scene, draft));
    feedback.sort((a, b) => b.rating - a.rating);
    const sum = feedback.reduce((total, { rating }) => total + rating, 0);
    const average = feedback.length === 0 ? null : sum / feedback.length;
    const reasons = feedback.map(({ reason }) => reason);
    const prompt = revisionPrompt(scene.question, draft.text, average, reasons);
    const kept = draft.spirit === "good" && draft.engaged;
    const full = random.uniform() < 0.7;
    const revision = kept
      ? polish(random, combination, draft)
      : drawAnswer(random, combination, { spirit: "good", engaged: true, full });
    return { prompt, response: revision.text };
  },
};

/** `5 ### Reason: It is …`; the prompt already ends with `Rating: `. */
export function ratedText({ rating, reason }: Rated): string {
  return `${rating}${reasonDelimiter} ${reason}`;
}

function drawKind(random: RandomStream, mix: ConversationMix): ConversationKind {
  let left = random.uniform() * conversationKinds.reduce((sum, kind) => sum + mix[kind], 0);
  for (const kind of conversationKinds) {
    left -= mix[kind];
    if (left < 0) return kind;
  }
  throw new RangeError("a mix needs a kind with a weight above zero");
}

function drawAny({ random, combination }: Pick<Scene, "random" | "combination">, spirit: Spirit): Answer {
  return drawAnswer(random, combination, { spirit, engaged: random.uniform() < engagedShare, full: drawFull(random) });
}

function drawMemory({ random, all }: Scene, spirit: Spirit) {
  const combination = pick(random, all);
  const question = pick(random, questionsOf(combination));
  return { question, answer: drawAny({ random, combination }, spirit).text, distance: 0 };
}

function drawFeedback({ random, combination }: Scene, draft: Answer): Rated {
  if (random.uniform() >= strayPeerShare) return drawAlignment(random, combination, draft);
  return drawAlignment(random, combination, { ...draft, spirit: draft.spirit === "good" ? "bad" : "good" });
}

function drawSpirit(random: RandomStream): Spirit {
  return random.uniform() < 0.5 ? "good" : "bad";
}

function drawFull(random: RandomStream): boolean {
  return random.uniform() < fullShare;
}
