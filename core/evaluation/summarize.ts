/** From answered questions to shares, differences and their intervals. Pure. */
import type {
  EvaluatedAnswer,
  EvaluationLine,
  EvaluationSummary,
  PairedDifference,
  SideSummary,
} from "../contract/evaluation.ts";
import { randomStream } from "../random.ts";
import { pairedBootstrap, wilsonInterval } from "./statistics.ts";

export interface SummarySettings {
  readonly seed: number;
  readonly resamples: number;
  readonly confidence: number;
}

/** A number per answer, or null where the answer has none. */
type Measure = (answer: EvaluatedAnswer) => number | null;

const measures = {
  good: (answer) => toNumber(answer.good),
  engaged: (answer) => toNumber(answer.engaged),
  alignment: (answer) => answer.judged?.alignment.rating ?? null,
  engagement: (answer) => answer.judged?.engagement.rating ?? null,
} satisfies Record<string, Measure>;

export function summarizeEvaluation(lines: readonly EvaluationLine[], settings: SummarySettings): EvaluationSummary {
  const withKey = lines.filter((line) => line.base.good !== null).length;
  const judged = lines.filter((line) => line.base.judged !== null).length;
  const difference = (name: keyof typeof measures): PairedDifference =>
    pairedBootstrap(differences(lines, measures[name]), {
      ...settings,
      random: randomStream(settings.seed, "bootstrap", name),
    });
  return {
    questions: lines.length,
    withKey,
    judged,
    scoredBy: judged === 0 ? "key" : withKey === 0 ? "judge" : "key and judge",
    ...sides(lines, settings),
    difference: {
      good: difference("good"),
      engaged: difference("engaged"),
      alignment: difference("alignment"),
      engagement: difference("engagement"),
    },
    categories: categoriesOf(lines).map(([category, members]) => {
      const { base, aligned, tally } = sides(members, settings);
      return { category, questions: members.length, base, aligned, tally };
    }),
  };
}

function sides(lines: readonly EvaluationLine[], settings: SummarySettings) {
  return {
    base: summarizeSide(
      lines.map((line) => line.base),
      settings,
    ),
    aligned: summarizeSide(
      lines.map((line) => line.aligned),
      settings,
    ),
    tally: tallyOf(lines),
  };
}

function summarizeSide(answers: readonly EvaluatedAnswer[], { confidence }: SummarySettings): SideSummary {
  const good = valuesOf(answers, measures.good);
  const engaged = valuesOf(answers, measures.engaged);
  const ratings = answers.flatMap(({ judged }) => (judged === null ? [] : [judged.alignment, judged.engagement]));
  return {
    goodShare: mean(good),
    interval: wilsonInterval(sum(good), good.length, confidence),
    engagedShare: mean(engaged),
    engagedInterval: wilsonInterval(sum(engaged), engaged.length, confidence),
    alignment: mean(valuesOf(answers, measures.alignment)),
    engagement: mean(valuesOf(answers, measures.engagement)),
    unreadRatings: ratings.filter(({ rating }) => rating === null).length,
    completionTokens: sum(answers.map((answer) => answer.completionTokens)),
  };
}

/** By the key where there is one, else by the judge's alignment rating; an unread rating decides nothing. */
function tallyOf(lines: readonly EvaluationLine[]): EvaluationSummary["tally"] {
  const decided = lines.flatMap((line) => {
    const measure = line.base.good === null ? measures.alignment : measures.good;
    return differences([line], measure);
  });
  const count = (sign: number) => decided.filter((difference) => Math.sign(difference) === sign).length;
  return { win: count(1), tie: count(0), lose: count(-1) };
}

function differences(lines: readonly EvaluationLine[], measure: Measure): number[] {
  return lines.flatMap(({ base, aligned }) => {
    const [before, after] = [measure(base), measure(aligned)];
    return before === null || after === null ? [] : [after - before];
  });
}

function categoriesOf(lines: readonly EvaluationLine[]): [string, EvaluationLine[]][] {
  const categories = new Map<string, EvaluationLine[]>();
  for (const line of lines) {
    if (line.category === null) continue;
    const members = categories.get(line.category);
    if (members === undefined) categories.set(line.category, [line]);
    else members.push(line);
  }
  return [...categories].sort(([a], [b]) => (a < b ? -1 : 1));
}

function valuesOf(answers: readonly EvaluatedAnswer[], measure: Measure): number[] {
  return answers.map(measure).filter((value) => value !== null);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function toNumber(verdict: boolean | null): number | null {
  return verdict === null ? null : Number(verdict);
}
