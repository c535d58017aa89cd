/** What the reviser reads: the average rating, the answer and the reasons, as many as its context has room for. */
import type { Feedback } from "../contract/interaction.ts";
import type { LanguageModel, Prompt } from "../models/languageModel.ts";
import { revisionPrompt } from "./prompts.ts";

/** Tokens kept free beside prompt and answer: BOS, and a template's own marks. */
export const spareTokens = 8;

/** Mean of the readable ratings; null when there is none. */
export function averageRating(feedback: readonly { rating: number | null }[]): number | null {
  const ratings = feedback.flatMap(({ rating }) => (rating === null ? [] : [rating]));
  return ratings.length === 0 ? null : ratings.reduce((sum, rating) => sum + rating, 0) / ratings.length;
}

/**
 * The revision prompt. When prompt and answer would not fit the context, reasons are left out from the mildest on; the
 * average stays that of all ratings.
 */
export function fittingRevisionPrompt(
  model: LanguageModel,
  maxTokens: number,
  question: string,
  answer: string,
  sortedFeedback: readonly Feedback[],
): { prompt: Prompt; reasonsLeftOut: number } {
  const average = averageRating(sortedFeedback);
  const reasons = sortedFeedback.map(({ reason }) => reason).filter((reason) => reason !== "");
  for (let reasonsLeftOut = 0; ; reasonsLeftOut++) {
    const prompt = revisionPrompt(question, answer, average, reasons.slice(reasonsLeftOut));
    const tokens = model.countTokens(model.render(prompt)) + maxTokens + spareTokens;
    if (tokens <= model.contextSize || reasonsLeftOut === reasons.length) return { prompt, reasonsLeftOut };
  }
}
