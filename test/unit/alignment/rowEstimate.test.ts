/** The estimate for given rows: the passes of the run itself, counted before it begins. */
import { beforeAll, describe, expect, it } from "vitest";
import { estimateMemory, estimatePass } from "../../../core/alignment/memory/estimate.ts";
import { type PackingSize, packSize } from "../../../core/alignment/memory/packing.ts";
import { rowEstimator } from "../../../core/alignment/memory/rowEstimate.ts";
import { rowPasses } from "../../../core/alignment/memory/rowPasses.ts";
import { sizesOf } from "../../../core/alignment/memory/rowSizes.ts";
import type { TokenRow } from "../../../core/alignment/nativeTrainer.ts";
import { prepareRows } from "../../../core/alignment/prepareRows.ts";
import type { AlignConfig } from "../../../core/contract/alignment.ts";
import type { RowSizes } from "../../../core/contract/rowSizes.ts";
import { BigramTrainer } from "./bigramTrainer.ts";
import { small } from "./llamaShape.ts";
import { align, settings, tokenizer } from "./session.ts";

const machine = 2 ** 36;

class Recording extends BigramTrainer {
  readonly passes = new Set<string>();

  override async forward(rows: readonly TokenRow[], options: { adapter: boolean; keep: boolean }) {
    const packing = packSize(
      rows.map(({ query, responses }) => ({ query: query.length, responses: responses.map(({ length }) => length) })),
    );
    this.passes.add(JSON.stringify({ packing, backward: options.keep }));
    return super.forward(rows, options);
  }
}

/** Before any length cuts them. */
const countRows = async (config: AlignConfig): Promise<RowSizes> =>
  sizesOf(await prepareRows({ ...config, maxLength: Number.MAX_SAFE_INTEGER }, tokenizer, undefined));

describe("the passes of a training, from token counts alone", () => {
  it.each([
    ["as it is", {}],
    ["pairs with a reference, few tokens at once", { loss: { id: "dpo" }, maxRejected: 1, batchTokens: 24 }],
    ["the likeliest alone, many at once", { loss: { id: "sft" }, batchTokens: 4096, accumulation: 7 }],
    [
      "drawn as the released code draws",
      { loss: { id: "stable-alignment", semantics: "reference", reduction: "mean" } },
    ],
    ["rows that are cut", { maxLength: 8, maxRejected: 2, epochs: 1.4 }],
    ["few steps", { maxSteps: 3, seed: 5, evaluationShare: 0 }],
  ])("are those that it makes: %s", async (_, over) => {
    const config = settings(over);
    const trainer = new Recording();
    const { error } = await align({ config, trainer });
    expect(error).toBeUndefined();
    const expected = [...rowPasses(config, await countRows(config), config.maxLength)];
    expect(new Set(expected.map((pass) => JSON.stringify(pass)))).toEqual(trainer.passes);
  });
});

describe("the estimate for given rows", () => {
  let sizes: RowSizes;
  beforeAll(async () => {
    sizes = await countRows(settings());
  });

  it.each([
    ["keep", machine],
    ["recompute", machine],
    // So little that the larger passes keep nothing and the smaller ones keep all.
    ["automatic", 2 ** 23],
  ] as const)("is never less than any of its passes takes, with activations %s", (activations, memory) => {
    const config = settings({ activations, batchTokens: 4096, accumulation: 16 });
    const { total, ...parts } = rowEstimator(config, sizes)(small, config, memory);
    const taken = [...rowPasses(config, sizes, config.maxLength)].map(({ packing, backward }) =>
      estimatePass(small, config, packing as PackingSize, { memory, backward }),
    );
    for (const part of ["activations", "block", "headChunk", "program", "adapter"] as const)
      expect(parts[part], part).toBeGreaterThanOrEqual(Math.max(...taken.map((pass) => pass[part])));
    expect(parts.activations).toBe(Math.max(...taken.map((pass) => pass.activations)));
    expect(total).toBeGreaterThan(Math.max(...taken.map((pass) => pass.total)));
    if (activations === "automatic")
      expect(new Set(taken.map(({ keepsActivations }) => keepsActivations)).size).toBe(2);
  });

  it("is less than that for whatever the settings allow, and a plan too long to go through is bounded by its longest row", () => {
    const estimate = (over: object) => {
      const config = settings(over);
      return rowEstimator(config, sizes)(small, config, machine).activations;
    };
    const short = estimate({});
    expect(short).toBeLessThan(estimateMemory(small, settings(), machine).activations / 4);
    const bounded = estimate({ epochs: 1e6 });
    expect(bounded).toBeGreaterThanOrEqual(short);
    expect(bounded).toBeLessThan(estimateMemory(small, settings(), machine).activations / 2);
  });

  it("counts the model that writes samples", () => {
    const total = (over: object) => {
      const config = settings(over);
      return rowEstimator(config, sizes)(small, config, machine).total;
    };
    const sampling = { every: 5, prompts: ["a", "b"] };
    expect(total({ samples: sampling }) - total({})).toBeGreaterThan(small.fileBytes);
  });

  it("is what a run says of itself", async () => {
    const memory = { shape: small, available: machine, total: machine, resident: () => null };
    const config = settings({ maxSteps: 2 });
    const { result } = await align({ config, memory });
    expect(result?.memoryEstimate).toEqual(rowEstimator(config, await countRows(config))(small, config, machine));
  });
});
