/** One held-out question, answered by both sides with the same seed and scored. */
import type { EvaluatedAnswer, EvaluationConfig, EvaluationLine, HeldOutQuestion } from "../contract/evaluation.ts";
import type { RatedReason } from "../contract/interaction.ts";
import type { LanguageModel } from "../models/languageModel.ts";
import { randomStream } from "../random.ts";
import { draftPrompt, observerPrompt } from "../society/prompts.ts";
import { hasKey, scoreByKey } from "./answerKey.ts";
import type { EvaluationModels } from "./runEvaluation.ts";

/** As a draft of the society: an answer ends at the next heading of the template. */
const answerStop = ["\n###"];
const reasonStop = ["\n"];

export interface Asked {
  readonly config: EvaluationConfig;
  readonly models: EvaluationModels;
  readonly index: number;
  readonly question: HeldOutQuestion;
  readonly signal: AbortSignal;
}

export async function answerQuestion(asked: Asked): Promise<EvaluationLine> {
  const { config, models, index, question } = asked;
  const seed = randomStream(config.seed, "evaluation", index).seed();
  const [base, aligned] = await Promise.all([answer(asked, models.base, seed), answer(asked, models.aligned, seed)]);
  return { index, question: question.question, category: question.category ?? null, seed, base, aligned };
}

async function answer(asked: Asked, model: LanguageModel, seed: number): Promise<EvaluatedAnswer> {
  const { config, models, question, signal } = asked;
  const completion = await model.generate({
    // No identity and no memory: the same text that imitation rows teach.
    prompt: draftPrompt(question.question, { id: 0 }, null),
    sampling: config.sampling,
    seed,
    stop: answerStop,
    signal,
  });
  const text = completion.text.trim();
  const { judge } = models;
  const judged = hasKey(question) || judge === undefined ? null : await judgeAnswer(asked, judge, text, seed);
  const { promptTokens, completionTokens } = completion;
  return { answer: text, promptTokens, completionTokens, ...scoreByKey(text, question), judged };
}

/** The society's observer: no memory, the likeliest rating. The seed is for its reason alone. */
async function judgeAnswer(
  { config, question, signal }: Asked,
  judge: LanguageModel,
  text: string,
  seed: number,
): Promise<NonNullable<EvaluatedAnswer["judged"]>> {
  const rate = async (aspect: "alignment" | "engagement"): Promise<RatedReason> => {
    const { rating, probabilities, reason } = await judge.rate({
      prompt: observerPrompt(aspect, question.question, text),
      sampling: config.sampling,
      seed,
      stop: reasonStop,
      signal,
      draw: null,
    });
    return {
      rating,
      probabilities: probabilities === null ? null : [...probabilities],
      expected: probabilities?.reduce((sum, probability, i) => sum + probability * (i + 1), 0) ?? null,
      reason,
    };
  };
  const [alignment, engagement] = await Promise.all([rate("alignment"), rate("engagement")]);
  return { alignment, engagement };
}
