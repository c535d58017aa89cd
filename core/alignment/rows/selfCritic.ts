/** Self-critic: the model learns to comment on an answer as its best peers did. */
import type { AlignmentRow, DataSettings } from "../../contract/alignment.ts";
import type { InteractionRecord } from "../../contract/interaction.ts";
import type { Prompt } from "../../models/languageModel.ts";
import { observerPrompt, ratingStart, reasonDelimiter } from "../../society/prompts.ts";
import { type Built, emptyExclusions } from "./row.ts";

/**
 * One row per piece of feedback: the rating prompt without a speaker, answered in the society's own form,
 * `Rating: n ### Reason: …`. There is one response, so it is taught by SFT. Its score is how close the peer's rating
 * is to the observer's rating of the same draft, 7 − |difference|: the released code takes the rating itself, which
 * makes the most lenient critic the best.
 */
export function buildSelfCritic(
  records: readonly InteractionRecord[],
  { minimumScore }: DataSettings,
  render: (prompt: Prompt) => string,
): Built {
  const excluded = emptyExclusions();
  const rows: AlignmentRow[] = [];
  const seen = new Set<string>();
  let examined = 0;
  for (const record of records) {
    const draft = record.draft.trim();
    const observed = record.observer.before.alignment.rating;
    const query = render(ratingQuery(record.question.trim(), draft));
    for (const feedback of record.feedback) {
      examined++;
      const reason = feedback.reason.trim();
      const response = `${ratingStart}${feedback.rating}${reasonDelimiter} ${reason}`;
      const key = JSON.stringify([query, response]);
      const score = 7 - Math.abs((feedback.rating ?? 0) - (observed ?? 0));
      if (feedback.rating === null || observed === null) excluded.nullRating++;
      else if (reason === "" || draft === "") excluded.empty++;
      else if (score < minimumScore) excluded.belowMinimum++;
      else if (seen.has(key)) excluded.duplicate++;
      else {
        seen.add(key);
        rows.push({
          kind: "self-critic",
          query,
          responses: [response],
          scores: [score],
          // The record names the peer by its number; the model that it speaks with is not part of it.
          models: [`agent ${feedback.peer}`],
          source: [record.id],
        });
      }
    }
  }
  return { rows, examined, excluded };
}

/** The observer's alignment prompt; the rating's first words belong to the response here. */
function ratingQuery(question: string, draft: string): Prompt {
  const { responseStart: _, ...prompt } = observerPrompt("alignment", question, draft);
  return prompt;
}
