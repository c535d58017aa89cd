import { describe, expect, it } from "vitest";
import { checkLayers, checkLora } from "../../../core/alignment/checkJob.ts";
import { type EffortModel, planEffort } from "../../../core/alignment/effort.ts";
import { alignConfig, efforts, loraTargets, lossSettings } from "../../../core/contract/alignment.ts";

const loss = (id: string) => lossSettings.parse({ id });
const ours = loss("stable-alignment");
/** Qwen2.5 1.5B: 12 query heads on 2 key and value heads. */
const large: EffortModel = { weights: 1.5e9, layers: 28, attention: 1536, keyValue: 256, fused: false };
/** The demo's. */
const tiny: EffortModel = { weights: 1.1e6, layers: 4, attention: 128, keyValue: 128, fused: false };
const fused: EffortModel = { ...large, fused: true };
const models = [large, tiny, fused, null];

const everySetting = [
  "lora.rank",
  "lora.alpha",
  "lora.rsLora",
  "lora.targets",
  "lora.ranks",
  "lora.layers",
  "optimizer.learningRate",
  "schedule.kind",
  "schedule.warmupShare",
  "epochs",
  "accumulation",
];

/** What B·A is multiplied with. */
const scaleOf = ({ rank, alpha, rsLora }: { rank: number; alpha: number; rsLora: boolean }) =>
  alpha / (rsLora ? Math.sqrt(rank) : rank);

describe("the effort dial", () => {
  it("in the middle is what a run has without it", () => {
    const { lora, optimizer, schedule, epochs, accumulation } = alignConfig.parse({ model: "m", data: "d" });
    for (const model of models)
      if (model !== tiny)
        expect(planEffort("balanced", { loss: ours, model }).settings).toEqual({
          lora,
          optimizer: { learningRate: optimizer.learningRate },
          schedule,
          epochs,
          accumulation,
        });
  });

  it("sets every setting, each with its reason, to what the trainer takes", () => {
    for (const effort of efforts)
      for (const id of ["stable-alignment", "dpo"])
        for (const model of models) {
          const { settings, reasons } = planEffort(effort, { loss: loss(id), model });
          expect(reasons.map(({ setting }) => setting)).toEqual(everySetting);
          for (const { setting, reason } of reasons) expect(reason, setting).toMatch(/^[A-Z0-9].*\.$/);
          const config = alignConfig.parse({ model: "m", data: "d", ...settings });
          expect(config).toMatchObject(settings);
          checkLora(config.lora);
          checkLayers(config.lora, model?.layers ?? 1);
        }
  });

  it("trains more from level to level, and lets one step move the weights alike far", () => {
    const plans = efforts.map((effort) => planEffort(effort, { loss: ours, model: large }).settings);
    const work = plans.map(({ lora, epochs }) => lora.rank * epochs);
    expect(work).toEqual([...work].sort((a, b) => a - b));
    expect(new Set(work).size).toBe(efforts.length);
    const moves = plans.map(({ lora, optimizer }) => optimizer.learningRate * scaleOf(lora) * lora.rank);
    for (const move of moves) expect(move / 3.2e-3).toBeCloseTo(1, 1);
  });

  it("takes the quick way through the upper half of the layers, with less rank where keys and values are narrow", () => {
    const quick = (model: EffortModel | null) => planEffort("quick", { loss: ours, model }).settings.lora;
    expect(quick(large)).toMatchObject({ layers: { first: 14, last: 27 }, ranks: { attn_k: 4, attn_v: 4 } });
    expect(quick({ ...large, layers: 9 }).layers).toEqual({ first: 4, last: 8 });
    expect(quick(fused), "one matrix of three parts has one rank").toMatchObject({ ranks: {} });
    expect(quick(tiny), "nothing to spare").toMatchObject({ layers: null, ranks: {} });
    expect(quick(null)).toMatchObject({ layers: null, ranks: {} });
    expect(quick(large).targets).toEqual([...loraTargets]);
  });

  it("stabilizes large ranks, with the scale that rank 16 has", () => {
    const { lora } = planEffort("thorough", { loss: ours, model: large }).settings;
    expect(lora).toMatchObject({ rank: 32, rsLora: true, ranks: {} });
    expect(scaleOf({ ...lora, rank: 16 })).toBe(scaleOf({ rank: 16, alpha: 32, rsLora: false }));
  });

  it("fits the rest to what was set by hand, and keeps its own value for that", () => {
    const lora = (effort: (typeof efforts)[number], byHand: object) => {
      const plan = planEffort(effort, { loss: ours, model: large, byHand: { lora: byHand } });
      const merged = { ...plan.settings.lora, ...byHand };
      checkLora(merged);
      return { own: plan.settings.lora, merged };
    };
    expect(lora("quick", { rank: 6 })).toMatchObject({ own: { rank: 8, alpha: 12, ranks: { attn_k: 3, attn_v: 3 } } });
    expect(lora("balanced", { rank: 64 }).own).toMatchObject({ rank: 16, rsLora: true, alpha: 8 });
    expect(lora("thorough", { rank: 16 }).own).toMatchObject({ rank: 32, rsLora: false, alpha: 32 });
    expect(lora("thorough", { rsLora: false }).own).toMatchObject({ rsLora: true, alpha: 64 });
    expect(lora("thorough", { ranks: { attn_q: 64 } }).own).toMatchObject({ ranks: {}, rsLora: false, alpha: 64 });
    expect(lora("quick", { rsLora: true }).own).toMatchObject({ ranks: {}, rsLora: false, alpha: 8 });
    expect(lora("quick", { targets: ["attn_q", "attn_v"] }).own.ranks).toEqual({ attn_v: 4 });
    expect(lora("quick", { targets: ["ffn_up"] }).own.ranks).toEqual({});
    expect(lora("quick", { rank: 1 }).own.ranks).toEqual({});
  });

  it("takes what is half typed for not set", () => {
    const bare = planEffort("quick", { loss: ours, model: large });
    for (const byHand of [{ lora: { rank: null } }, { lora: { rank: -4, targets: ["nose"] } }, { lora: 7 }, null])
      expect(planEffort("quick", { loss: ours, model: large, byHand })).toEqual(bare);
  });

  it("goes slower and starts gently under preference losses, takes larger steps for tiny models, and says so", () => {
    const of = (id: string, model: EffortModel | null) => planEffort("balanced", { loss: loss(id), model });
    expect(of("dpo", large).settings).toMatchObject({
      optimizer: { learningRate: 2e-5 },
      schedule: { warmupShare: 0.1 },
    });
    expect(of("sft", large).settings.schedule.warmupShare).toBe(0.03);
    expect(of("sft", tiny).settings.optimizer.learningRate).toBe(2e-3);
    const mixed = lossSettings.parse({ id: "mixture", losses: [{ weight: 1, loss: { id: "dpo" } }] });
    const plan = planEffort("balanced", { loss: mixed, model: tiny });
    expect(plan.settings.optimizer.learningRate).toBe(4e-4);
    expect(plan.reasons.find(({ setting }) => setting === "optimizer.learningRate")?.reason).toMatch(/20 .*fifth/);
  });
});
