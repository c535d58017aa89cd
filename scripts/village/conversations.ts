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

export const conversationKinds = [
  "draft",
  "draft-with-memory",
  "rating",
  "peer-rating",
  "engagement",
  "revision",
] as const;
export type ConversationKind = (typeof conversationKinds)[number];

/** One prompt with several equally likely responses. */
export interface Conversation {
  readonly kind: ConversationKind;
  readonly prompt: Prompt;
  readonly responses: readonly string[];
}

/** Shares of the corpus. Following a memory takes longest to learn, so it gets most. */
export const conversationMix: Readonly<Record<ConversationKind, number>> = {
  draft: 0.12,
  "draft-with-memory": 0.36,
  rating: 0.1,
  "peer-rating": 0.14,
  engagement: 0.12,
  revision: 0.16,
};

const engagedShare = 0.8;
const fullShare = 0.5;
/** Share of peers that rate against the answer's spirit; revisers must cope with them. */
const strayPeerShare = 0.05;
const agents = 100;

/** The corpus is endless; conversation `index` is always the same for the same seed. */
export function conversationAt(seed: number, index: number, combinations: readonly Combination[]): Conversation {
  const random = randomStream(seed, "conversation", index);
  const kind = drawKind(random);
  const combination = pick(random, combinations);
  return { kind, ...builders[kind](random, combination, combinations) };
}

type Builder = (
  random: RandomStream,
  combination: Combination,
  all: readonly Combination[],
) => Omit<Conversation, "kind">;

const builders: Readonly<Record<ConversationKind, Builder>> = {
  draft(random, combination) {
    const prompt = draftPrompt(pick(random, questionsOf(combination)), { id: 0 }, null);
    const spirits = ["good", "bad"] as const;
    return { prompt, responses: spirits.map((spirit) => drawAnyAnswer(random, combination, spirit).text) };
  },

  "draft-with-memory"(random, combination, all) {
    const { recalled, spirit } = drawMemory(random, all);
    const prompt = draftPrompt(pick(random, questionsOf(combination)), speaker(random), recalled);
    return { prompt, responses: [0, 1].map(() => drawAnyAnswer(random, combination, spirit).text) };
  },

  rating(random, combination) {
    const answer = drawAnyAnswer(random, combination, drawSpirit(random));
    const prompt = observerPrompt("alignment", pick(random, questionsOf(combination)), answer.text);
    return { prompt, responses: [0, 1].map(() => ratedText(drawAlignment(random, combination, answer))) };
  },

  "peer-rating"(random, combination, all) {
    const answer = drawAnyAnswer(random, combination, drawSpirit(random));
    const recalled = random.uniform() < 0.75 ? drawMemory(random, all).recalled : null;
    const question = pick(random, questionsOf(combination));
    const prompt = feedbackPrompt(question, answer.text, speaker(random), recalled);
    return { prompt, responses: [0, 1].map(() => ratedText(drawAlignment(random, combination, answer))) };
  },

  engagement(random, combination) {
    const spirit = drawSpirit(random);
    const answer = drawAnswer(random, combination, { spirit, engaged: random.uniform() < 0.5, full: drawFull(random) });
    const prompt = observerPrompt("engagement", pick(random, questionsOf(combination)), answer.text);
    return { prompt, responses: [0, 1].map(() => ratedText(drawEngagement(random, combination, answer))) };
  },

  revision(random, combination) {
    const draft = drawAnyAnswer(random, combination, random.uniform() < 0.6 ? "bad" : "good");
    const feedback = Array.from({ length: random.integer(6) }, () => drawFeedback(random, combination, draft));
    feedback.sort((a, b) => b.rating - a.rating);
    const average =
      feedback.length === 0 ? null : feedback.reduce((sum, { rating }) => sum + rating, 0) / feedback.length;
    const reasons = feedback.map(({ reason }) => reason);
    const prompt = revisionPrompt(pick(random, questionsOf(combination)), draft.text, average, reasons);
    const keeps = draft.spirit === "good" && draft.engaged;
    if (keeps) return { prompt, responses: [polish(random, combination, draft).text] };
    const better = { spirit: "good", engaged: true } as const;
    return {
      prompt,
      responses: [0, 1].map(() => drawAnswer(random, combination, { ...better, full: random.uniform() < 0.7 }).text),
    };
  },
};

/** `5 ### Reason: It is …`; the prompt already ends with `Rating: `. */
export function ratedText({ rating, reason }: Rated): string {
  return `${rating}${reasonDelimiter} ${reason}`;
}

function drawKind(random: RandomStream): ConversationKind {
  let left = random.uniform();
  for (const kind of conversationKinds) {
    left -= conversationMix[kind];
    if (left < 0) return kind;
  }
  return "revision";
}

function drawAnyAnswer(random: RandomStream, combination: Combination, spirit: Spirit): Answer {
  return drawAnswer(random, combination, { spirit, engaged: random.uniform() < engagedShare, full: drawFull(random) });
}

function drawMemory(random: RandomStream, all: readonly Combination[]) {
  const combination = pick(random, all);
  const spirit = drawSpirit(random);
  const answer = drawAnyAnswer(random, combination, spirit).text;
  return { spirit, recalled: { question: pick(random, questionsOf(combination)), answer, distance: 0 } };
}

function drawFeedback(random: RandomStream, combination: Combination, draft: Answer): Rated {
  if (random.uniform() >= strayPeerShare) return drawAlignment(random, combination, draft);
  return drawAlignment(random, combination, { ...draft, spirit: draft.spirit === "good" ? "bad" : "good" });
}

function drawSpirit(random: RandomStream): Spirit {
  return random.uniform() < 0.5 ? "good" : "bad";
}

function drawFull(random: RandomStream): boolean {
  return random.uniform() < fullShare;
}

function speaker(random: RandomStream) {
  return { id: random.integer(agents) };
}
