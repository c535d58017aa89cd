/** Imitation: the answers to one question, best against strictly lower-rated. */
import type { AlignmentRow, DataSettings } from "../../contract/alignment.ts";
import type { InteractionRecord } from "../../contract/interaction.ts";
import type { Prompt } from "../../models/languageModel.ts";
import { randomStream } from "../../random.ts";
import { draftPrompt } from "../../society/prompts.ts";
import { chooseCandidates } from "../candidates.ts";
import { bestIndex, strictlyLower } from "../losses/loss.ts";
import { type Built, emptyExclusions, speakerOf } from "./row.ts";

interface Answer {
  readonly text: string;
  readonly score: number;
  readonly model: string;
  readonly source: string;
}

/** One row per question in the order of first appearance; the query is the bare question, without identity or memory. */
export function buildImitation(
  records: readonly InteractionRecord[],
  { seed, maxRejected, minimumScore }: DataSettings,
  render: (prompt: Prompt) => string,
): Built {
  const excluded = emptyExclusions();
  const rows: AlignmentRow[] = [];
  for (const [question, answers] of collectAnswers(records, excluded)) {
    const scores = answers.map((answer) => answer.score);
    const best = bestIndex(scores);
    const lower = strictlyLower(scores, best);
    if ((scores[best] ?? 0) < minimumScore) {
      excluded.belowMinimum += answers.length;
      continue;
    }
    const random = randomStream(seed, "imitation", question);
    const chosen = chooseCandidates(scores, { semantics: "paper", maxRejected }, random);
    excluded.tie += answers.length - 1 - lower.length;
    excluded.surplus += lower.length - (chosen.length - 1);
    const kept = chosen.map((index) => answers[index] as Answer);
    rows.push({
      kind: "imitation",
      query: render(draftPrompt(question, { id: 0 }, null)),
      responses: kept.map((answer) => answer.text),
      scores: kept.map((answer) => answer.score),
      models: kept.map((answer) => answer.model),
      source: [...new Set(kept.map((answer) => answer.source))],
    });
  }
  return { rows, examined: records.length * 2, excluded };
}

function collectAnswers(
  records: readonly InteractionRecord[],
  excluded: ReturnType<typeof emptyExclusions>,
): Map<string, Answer[]> {
  const questions = new Map<string, Map<string, Answer>>();
  for (const record of records) {
    const question = record.question.trim();
    const answers = questions.get(question) ?? new Map<string, Answer>();
    for (const [whole, rated] of [
      [record.draft, record.observer.before],
      [record.revision, record.observer.after],
    ] as const) {
      const text = whole.trim();
      const score = rated.alignment.rating;
      if (text === "") excluded.empty++;
      else if (score === null) excluded.nullRating++;
      else if (answers.has(text)) excluded.duplicate++;
      else answers.set(text, { text, score, model: speakerOf(record.agent), source: record.id });
    }
    if (answers.size > 0) questions.set(question, answers);
  }
  return new Map([...questions].map(([question, answers]) => [question, [...answers.values()]]));
}
