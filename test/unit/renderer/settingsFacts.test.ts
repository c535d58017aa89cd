/** The settings that stand beside the curves of a run: what was set must be there to be read. */
import { describe, expect, it } from "vitest";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { settingsFacts } from "../../../renderer/screens/align/settingsFacts.ts";

function facts(settings: Record<string, unknown>) {
  const config = alignConfig.parse({ model: "/models/base.gguf", data: "/data/rows.jsonl", ...settings });
  return Object.fromEntries(settingsFacts(config));
}

describe("settings of a run", () => {
  it("name the losses of a mixture with their weights", () => {
    const losses = [
      { weight: 1, loss: { id: "dpo" } },
      { weight: 0.2, loss: { id: "sft" } },
    ];
    expect(facts({ loss: { id: "mixture", losses } }).Loss).toBe("1 × DPO + 0.2 × Likelihood only (SFT)");
    expect(facts({ loss: { id: "ipo" } }).Loss).toBe("IPO");
  });

  it("say where the adapter is, when it is not everywhere with one rank", () => {
    const lora = {
      rank: 8,
      targets: ["attn_q", "attn_v"],
      ranks: { attn_q: 4 },
      layers: { first: 4, last: 7 },
    };
    expect(facts({ lora })).toMatchObject({
      LoRA: "rank 8, alpha 32",
      Matrices: "attn_q, attn_v",
      "Ranks of their own": "attn_q 4",
      Layers: "4–7",
    });
    expect(facts({ lora: { rsLora: true } })).toMatchObject({ "Rank-stabilized": "on" });
  });

  it("stay few where nothing of that was set", () => {
    expect(Object.keys(facts({}))).toEqual(["Model", "Data", "Loss", "LoRA", "Learning rate", "Epochs", "Seed"]);
    expect(facts({})["Learning rate"]).toBe("1e−4");
  });
});
