import { describe, expect, it } from "vitest";
import { planEffort } from "../../../core/alignment/effort.ts";
import { alignConfig, efforts, lossSettings } from "../../../core/contract/alignment.ts";

const loss = (id: string) => lossSettings.parse({ id });
const large = 8e9;

describe("the effort dial", () => {
  it("in the middle is what a run has without it", () => {
    const { lora, optimizer, epochs, accumulation } = alignConfig.parse({ model: "m", data: "d" });
    expect(planEffort("balanced", { loss: loss("stable-alignment"), model: large }).settings).toEqual({
      lora: { rank: lora.rank, alpha: lora.alpha },
      optimizer: { learningRate: optimizer.learningRate },
      epochs,
      accumulation,
    });
  });

  it("gives a valid configuration at every level, with a reason for every setting that it chose", () => {
    for (const effort of efforts)
      for (const id of ["sft", "dpo"]) {
        const { settings, reasons } = planEffort(effort, { loss: loss(id), model: null });
        expect(alignConfig.parse({ model: "m", data: "d", ...settings }).epochs).toBe(settings.epochs);
        const chosen = ["lora.rank", "lora.alpha", "optimizer.learningRate", "epochs", "accumulation"];
        expect(reasons.map(({ setting }) => setting)).toEqual(chosen);
        expect(settings.lora.alpha).toBe(2 * settings.lora.rank);
      }
  });

  it("trains more from level to level", () => {
    const work = efforts.map((effort) => {
      const { lora, epochs } = planEffort(effort, { loss: loss("sft"), model: large }).settings;
      return lora.rank * epochs;
    });
    expect(work).toEqual([...work].sort((a, b) => a - b));
    expect(new Set(work).size).toBe(efforts.length);
  });

  it("takes smaller steps for preference losses, larger ones for tiny models, and says so", () => {
    const rate = (id: string, model: number | null) =>
      planEffort("balanced", { loss: loss(id), model }).settings.optimizer.learningRate;
    expect(rate("dpo", large)).toBe(2e-5);
    expect(rate("sft", 5e6)).toBe(2e-3);
    const mixed = lossSettings.parse({ id: "mixture", losses: [{ weight: 1, loss: { id: "dpo" } }] });
    const plan = planEffort("balanced", { loss: mixed, model: 5e6 });
    expect(plan.settings.optimizer.learningRate).toBe(4e-4);
    expect(plan.reasons.find(({ setting }) => setting === "optimizer.learningRate")?.reason).toMatch(/20 .*fifth/);
  });
});
