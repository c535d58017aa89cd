/** Whether the contexts of a society's models have room for what it asks them, known before the first call. */
import { FolkmootError } from "../contract/errors.ts";
import type { LanguageModel, Prompt } from "../models/languageModel.ts";
import { feedbackPrompt, observerPrompt } from "./prompts.ts";
import { spareTokens } from "./revision.ts";
import type { Agent } from "./world.ts";

export interface RoomMaterial {
  readonly agents: readonly Agent[];
  readonly questions: readonly string[];
  /** Answers that agents bring along. */
  readonly priorAnswers: readonly string[];
  readonly population: readonly LanguageModel[];
  readonly observer: LanguageModel;
}

/** Of the call that is shortest of room, tokens. */
export interface Room {
  readonly contextSize: number;
  /** What it takes with answers as long as they may become. */
  readonly most: number;
  /** Answers of up to so many always fit; below 1: none. */
  readonly longestAnswer: number;
}

/**
 * Ratings are looked at, by observer and peers: drafts need less, and revisions leave reasons out. The longest question
 * stands for all, the longest by its characters.
 * @param maxTokens of an answer
 * @throws FolkmootError `bad-setting` (`contextLength`) where not even the bare prompt fits
 */
export function measureRoom(maxTokens: number, material: RoomMaterial): Room {
  const { population, observer, agents, questions, priorAnswers } = material;
  const question = longest(questions);
  const persona = longest(agents.map((agent) => agent.persona ?? ""));
  const speaker = { id: agents.length - 1, ...(persona === "" ? {} : { persona }) };
  const recalled = { question, answer: "", distance: 0 };
  const tokens = (model: LanguageModel, prompt: Prompt) => model.countTokens(model.render(prompt)) + spareTokens;
  const rooms = [...new Set(population)].map((model): Room => {
    const { contextSize } = model;
    checkPrompt(contextSize, tokens(model, feedbackPrompt(question, "", speaker, null)));
    const bare = tokens(model, feedbackPrompt(question, "", speaker, recalled));
    const prior = model.countTokens(longest(priorAnswers));
    const most = bare + maxTokens + Math.max(maxTokens, prior);
    const left = contextSize - bare;
    return { contextSize, most, longestAnswer: prior > left / 2 ? left - prior : Math.floor(left / 2) };
  });
  const { contextSize } = observer;
  for (const aspect of ["alignment", "engagement"] as const) {
    const bare = tokens(observer, observerPrompt(aspect, question, ""));
    checkPrompt(contextSize, bare);
    rooms.push({ contextSize, most: bare + maxTokens, longestAnswer: contextSize - bare });
  }
  return rooms.reduce((a, b) => (b.longestAnswer < a.longestAnswer ? b : a));
}

/** Null where every answer fits. */
export function roomWarning({ contextSize, most, longestAnswer }: Room, maxTokens: number): string | null {
  if (most <= contextSize) return null;
  const lower = longestAnswer < 1 ? "Raise" : `Lower sampling.maxTokens to ${longestAnswer}, or raise`;
  return `A context of ${contextSize} tokens is small for answers of up to ${maxTokens}: the longest rating would take ${most}, and the run stops at one that does not fit. ${lower} contextLength.`;
}

function longest(texts: readonly string[]): string {
  return texts.reduce((a, b) => (b.length > a.length ? b : a), "");
}

function checkPrompt(contextSize: number, tokens: number): void {
  if (tokens <= contextSize) return;
  throw new FolkmootError("bad-setting", {
    message: `contextLength: the context holds ${contextSize} tokens, and with the longest question a rating's prompt alone takes ${tokens}.`,
    reason: "A rating reads instruction, question and answer in one context.",
    action: "Raise it (--context-length), shorten the questions, or choose a model with a larger context.",
    details: { setting: "contextLength", contextSize, needed: tokens },
  });
}
