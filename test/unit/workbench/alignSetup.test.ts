import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { estimateAlign } from "../../../cli/commands/align/estimate.ts";
import { applyEffort } from "../../../cli/settings/effort.ts";
import { memoryKey, rememberMemory } from "../../../core/alignment/memory/history.ts";
import { trainingShape } from "../../../core/alignment/memory/shape.ts";
import { alignConfig, efforts } from "../../../core/contract/alignment.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { openWorkbench } from "../../../core/workbench/openWorkbench.ts";
import { workbenchClient } from "../../../core/workbench/router/router.ts";
import { hashFile } from "../../../core/workspace/hash.ts";
import { cardsOnly } from "../../support/cardsOnly.ts";
import { checkedClient } from "../../support/checkedContract.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { writeMaterial } from "../../support/workbenchFaces.ts";

async function opened() {
  const folder = await temporaryFolder();
  const { model } = await writeMaterial(folder);
  const workspace = join(folder, "workspace");
  const workbench = await openWorkbench({ workspace, hosts: cardsOnly(), resources: null });
  const client = checkedClient(workbenchClient(workbench));
  return { model, cache: join(workspace, "cache"), client, [Symbol.asyncDispose]: () => workbench.close() };
}

describe("an alignment before it starts", () => {
  it("has one effort dial: the window derives what --effort does, for every level and loss", async () => {
    await using service = await opened();
    const { client, model } = service;
    for (const effort of efforts)
      for (const loss of [{ id: "stable-alignment" }, { id: "dpo" }]) {
        const window = await client.align.defaults({ model, effort, loss });
        const terminal = await applyEffort(effort, { base: {}, given: { model, loss }, chosen: { model, loss } });
        const { lora, optimizer, epochs, accumulation } = alignConfig.parse({ data: "d", ...terminal.settings });
        expect(window.config).toMatchObject({ lora, optimizer, epochs, accumulation });
        expect(window.reasons).toEqual(expect.arrayContaining([...terminal.reasons]));
      }
  });

  it("has one estimate of its memory: what --estimate says, and what was measured where it ran before", async () => {
    await using service = await opened();
    const { client, model, cache } = service;
    const data = join(cache, "..", "rows.json");
    await writeFile(data, "[]");
    const config = alignConfig.parse({ model, data, lora: { rank: 8, layers: { first: 1, last: 1 } } });
    const preview = async () => (await client.align.preview({ config })).memory;
    const terminal = async () => (await estimateAlign(config, { directory: cache, cache, gpus: [] })).result;
    const [window, { estimate, parameters }] = [await preview(), await terminal()];
    expect(window).toMatchObject({ total: estimate.total, adapter: estimate.adapter, measured: false });
    expect((await client.align.preview({ config })).parameters).toBe(parameters);
    const parts = { weights: 1e6, transposed: 2e6, adapter: 3e6, activations: 4e6, arena: 5e6 };
    const key = memoryKey(trainingShape(await readGgufHeader(model)), config, { data: await hashFile(data) });
    await rememberMemory(cache, key, { ...parts, resident: 100e6, whole: true });
    expect(await preview()).toMatchObject({ total: 100e6, program: 85e6, measured: true });
    expect((await terminal()).estimate.total).toBe(100e6);
  });
});
