import { describe, expect, it } from "vitest";
import { plannedRows } from "../../../core/alignment/plannedRows.ts";
import type { Question } from "../../../core/alignment/questions.ts";
import { measureQuestions } from "../../../core/alignment/trainStep.ts";
import { lossSettings } from "../../../core/contract/alignment.ts";
import { BigramTrainer } from "./bigramTrainer.ts";
import { align, metricsText, settings } from "./session.ts";

const pairs = Array.from({ length: 12 }, (_, i) => ({
  query: `q${i}`,
  responses: [`good ${i}`, `bad ${i}`],
  scores: [6, 2],
}));
const tied = Array.from({ length: 20 }, (_, i) => ({
  query: `t${i}`,
  responses: [`one ${i}`, `two ${i}`],
  scores: [4, 4],
}));
/** A tied row behind every row with a pair, and the rest at the end. */
const mixed = [...pairs.flatMap((row, i) => [row, tied[i] as object]), ...tied.slice(pairs.length)];

describe("rows without a pair", () => {
  it.each(["dpo", "simpo"])("take no place in steps and means of %s: the run is the one without them", async (id) => {
    const config = settings({ loss: { id }, evaluationShare: 0.25 });
    const [all, clean] = [await align({ config, rows: mixed }), await align({ config, rows: pairs })];
    expect(all.error).toBeUndefined();
    expect(metricsText(all.directory)).toBe(metricsText(clean.directory));
    expect(all.result?.evaluation).toEqual(clean.result?.evaluation);
    expect(all.result?.rows).toMatchObject({ training: 9, evaluation: 3, pairless: 20 });
    expect(plannedRows(mixed as typeof pairs, config), "told before the start").toEqual({
      ...{ training: 9, evaluation: 3, pairless: 20 },
    });
    if (id === "dpo") expect(all.metrics[0]?.loss).toBeCloseTo(Math.LN2, 10);
  });

  it("stay where another part of the loss learns from them, and what pairs cost is over the pairs", async () => {
    const loss = {
      id: "mixture",
      losses: [
        { weight: 1, loss: { id: "sft" } },
        { weight: 0.5, loss: { id: "dpo" } },
      ],
    };
    const { metrics, result } = await align({ config: settings({ loss }), rows: mixed });
    expect((result?.rows.training ?? 0) + (result?.rows.evaluation ?? 0)).toBe(32);
    const planned = plannedRows(mixed as typeof pairs, settings({ loss }));
    expect(planned).toEqual({ training: result?.rows.training, evaluation: result?.rows.evaluation, pairless: 0 });
    const [first] = metrics;
    expect(first?.loss).toBeCloseTo((first?.nll ?? 0) + 0.5 * Math.LN2, 10);
  });

  it("add to a step's gradient what they teach, and take nothing from that of the pairs", async () => {
    const question = (responses: number[][], scores: number[]): Question => ({
      row: { query: [1, 20], responses },
      scores,
      refLogps: responses.map(() => -9),
      tokens: 8,
    });
    const withPair = question(
      [
        [30, 2],
        [40, 2],
      ],
      [7, 2],
    );
    const without = question(
      [
        [50, 2],
        [60, 2],
      ],
      [4, 4],
    );
    const gradient = async (id: object, questions: Question[]) => {
      const trainer = new BigramTrainer();
      await measureQuestions(trainer, questions, { loss: lossSettings.parse(id), tokenBudget: 8, gradients: true });
      return trainer.gradient.map((value) => value / questions.length);
    };
    const parts = [{ id: "sft" }, { id: "dpo" }].map((loss) => ({ weight: 1, loss }));
    const whole = await gradient({ id: "mixture", losses: parts }, [withPair, without]);
    const [likelihood, preference] = [
      await gradient({ id: "sft" }, [withPair, without]),
      await gradient({ id: "dpo" }, [withPair]),
    ];
    expect(preference.some((value) => value !== 0)).toBe(true);
    whole.forEach((value, i) => {
      expect(value).toBeCloseTo((likelihood[i] as number) + (preference[i] as number), 12);
    });
  });

  it("are all there is where no lower-rated response is let in: a wrong setting", async () => {
    const { error, trainer } = await align({ config: settings({ loss: { id: "dpo" }, maxRejected: 0 }) });
    expect(error).toMatchObject({ code: "bad-setting", details: { setting: "maxRejected" } });
    expect(trainer.calls).toEqual({});
    expect(
      (await align({ config: settings({ loss: { id: "sft" }, maxRejected: 0, maxSteps: 1 }) })).error,
    ).toBeUndefined();
  });
});
