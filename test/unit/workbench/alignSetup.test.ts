import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { estimateAlign } from "../../../cli/commands/align/estimate.ts";
import { applyEffort } from "../../../cli/settings/effort.ts";
import { memoryKey, rememberMemory } from "../../../core/alignment/memory/history.ts";
import { trainingShape } from "../../../core/alignment/memory/shape.ts";
import { type AlignConfig, alignConfig, efforts } from "../../../core/contract/alignment.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { openWorkbench } from "../../../core/workbench/openWorkbench.ts";
import { workbenchClient } from "../../../core/workbench/router/router.ts";
import { hashFile } from "../../../core/workspace/hash.ts";
import { cardsOnly } from "../../support/cardsOnly.ts";
import { checkedClient } from "../../support/checkedContract.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { writeMaterial } from "../../support/workbenchFaces.ts";

async function opened(layers = 2) {
  const folder = await temporaryFolder();
  const { model } = await writeMaterial(folder, layers);
  const workspace = join(folder, "workspace");
  const workbench = await openWorkbench({ workspace, hosts: cardsOnly(), resources: null });
  const client = checkedClient(workbenchClient(workbench));
  return { model, cache: join(workspace, "cache"), client, [Symbol.asyncDispose]: () => workbench.close() };
}

describe("an alignment before it starts", () => {
  it("has one effort dial: the window derives what --effort does, for every level, loss and setting by hand", async () => {
    await using service = await opened(8);
    const { client, model } = service;
    for (const effort of efforts)
      for (const loss of [{ id: "stable-alignment" }, { id: "dpo" }] as const)
        for (const byHand of [{}, { lora: { rank: 64, layers: null }, epochs: 7 }]) {
          const window = await client.align.defaults({ model, effort, loss, byHand });
          const given = { model, loss, ...byHand };
          const terminal = await applyEffort(effort, { given, chosen: given });
          const byTerminal = terminal.dialled.map(({ setting, reason }) => ({ setting, reason }));
          const inWindow = window.reasons.filter(
            ({ setting }) => !["lora.rank", "lora.layers", "epochs"].includes(setting),
          );
          expect(byHand.epochs === undefined ? window.reasons : inWindow).toEqual(expect.arrayContaining(byTerminal));
          const { lora, optimizer, schedule, accumulation, epochs } = alignConfig.parse({
            data: "d",
            ...terminal.settings,
          });
          const own = window.config as AlignConfig;
          expect({ lora, optimizer, schedule, accumulation, epochs }).toEqual({
            lora: { ...own.lora, ...byHand.lora },
            optimizer: own.optimizer,
            schedule: own.schedule,
            accumulation: own.accumulation,
            epochs: byHand.epochs ?? own.epochs,
          });
        }
  });

  it("gives the dial's own value for what was set by hand, and counts steps by what will be trained", async () => {
    await using service = await opened(8);
    const { client, model, cache } = service;
    const data = join(cache, "..", "rows.json");
    const rows = Array.from({ length: 400 }, (_, n) => ({ query: `Q${n}`, responses: ["a", "b"], scores: [7, 1] }));
    await writeFile(data, JSON.stringify(rows));
    const derived = async (byHand: object) => {
      const { config, reasons } = await client.align.defaults({ model, data, effort: "quick", byHand });
      return { config, every: reasons.filter(({ setting }) => setting.endsWith("Every")).map(({ reason }) => reason) };
    };
    expect((await derived({})).config).toMatchObject({ lora: { layers: { first: 4, last: 7 } }, evaluateEvery: 5 });
    const { config, every } = await derived({ epochs: 8, lora: { layers: null } });
    expect(config).toMatchObject({ epochs: 1, lora: { layers: { first: 4, last: 7 } }, evaluateEvery: 38 });
    expect(every).toEqual([expect.stringContaining("760 steps"), expect.stringContaining("every 38")]);
  });

  it("has one estimate of its memory: what --estimate says, and what was measured where it ran before", async () => {
    await using service = await opened();
    const { client, model, cache } = service;
    const data = join(cache, "..", "rows.json");
    await writeFile(data, "[]");
    const config = alignConfig.parse({ model, data, lora: { rank: 8, layers: { first: 1, last: 1 } } });
    const preview = async () => (await client.align.preview({ config })).memory;
    const terminal = async () =>
      (await estimateAlign(config, { directory: cache, cache, gpus: [], countRows: null })).result;
    const [window, { estimate, parameters }] = [await preview(), await terminal()];
    expect(window).toMatchObject({ total: estimate.total, adapter: estimate.adapter, measured: false });
    expect((await client.align.preview({ config })).parameters).toBe(parameters);
    const parts = { weights: 1e6, copies: 2e6, adapter: 3e6, activations: 4e6, arena: 5e6 };
    const key = memoryKey(trainingShape(await readGgufHeader(model)), config, { data: await hashFile(data) });
    await rememberMemory(cache, key, { ...parts, resident: 100e6, whole: true });
    expect(await preview()).toMatchObject({ total: 100e6, program: 85e6, measured: true });
    expect((await terminal()).estimate.total).toBe(100e6);
  });
});
