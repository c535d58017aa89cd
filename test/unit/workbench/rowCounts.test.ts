/** What a form's estimate rests on: the rows of its data, counted once. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { trainingShape } from "../../../core/alignment/memory/shape.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import type { EngineClient } from "../../../core/host/supervisor.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { RowCounts } from "../../../core/workbench/rowCounts.ts";
import { trainingMemoryOf } from "../../../core/workbench/trainingMemory.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { writeMaterial } from "../../support/workbenchFaces.ts";

const rows = { training: [{ query: 9, responses: [5, 4], scores: [7, 1] }], evaluation: [] };

function engineThat(counts: () => Promise<typeof rows>) {
  const asked: unknown[] = [];
  const rowSizes = (input: unknown) => {
    asked.push(input);
    return counts();
  };
  return { asked, device: { engineClient: () => ({ models: { rowSizes } }) as unknown as EngineClient } };
}

it("rows are counted once for all settings that change no count, and again when the file changes", async () => {
  const folder = await temporaryFolder();
  const { model } = await writeMaterial(folder);
  const data = join(folder, "rows.json");
  await writeFile(data, "[]");
  const { asked, device } = engineThat(async () => rows);
  const rowCounts = new RowCounts(device);
  const shape = trainingShape(await readGgufHeader(model));
  const memory = async (over: object = {}) => {
    const config = alignConfig.parse({ model, data, gpu: "off", ...over });
    const tools = { cache: folder, gpus: { list: async () => [] }, rowCounts };
    return (await trainingMemoryOf(shape, config, tools)).memory;
  };
  const [first, wider] = [await memory(), await memory({ lora: { rank: 64 }, maxLength: 64 })];
  expect(asked).toHaveLength(1);
  expect(first.ofRows).toBe(true);
  expect(wider.adapter).toBeGreaterThan(3 * first.adapter);
  expect(wider.activations).toBe(first.activations);
  const anyRows = await memory({ data: "" });
  expect(anyRows.ofRows).toBe(false);
  expect(first.activations).toBeLessThan(anyRows.activations / 4);
  await memory({ loss: { id: "dpo" } });
  expect(asked).toHaveLength(2);
  await writeFile(data, "[ ]");
  await memory();
  expect(asked).toHaveLength(3);
});

it("a count that failed is made again the next time, though no file changed", async () => {
  const folder = await temporaryFolder();
  const { model } = await writeMaterial(folder);
  const config = alignConfig.parse({ model, data: join(folder, "rows.json") });
  const answers = [() => Promise.reject(new Error("the engine ended")), async () => rows];
  const { asked, device } = engineThat(() => (answers.shift() as () => Promise<typeof rows>)());
  const rowCounts = new RowCounts(device);
  expect(await rowCounts.of(config)).toBeNull();
  expect(await rowCounts.of(config)).toEqual(rows);
  expect(await rowCounts.of(config)).toEqual(rows);
  expect(asked).toHaveLength(2);
});

it("where they cannot be counted, or not in time, the estimate is for any rows", async () => {
  const folder = await temporaryFolder();
  const { model } = await writeMaterial(folder);
  const config = alignConfig.parse({ model, data: join(folder, "rows.json") });
  const broken = engineThat(async () => {
    throw new Error("data-corrupt");
  });
  expect(await new RowCounts(broken.device).of(config)).toBeNull();
  const slow = engineThat(() => new Promise(() => {}));
  expect(await new RowCounts(slow.device, 10).of(config)).toBeNull();
  const noPairs = engineThat(async () => ({ training: [], evaluation: [] }));
  expect(await new RowCounts(noPairs.device).of(config)).toBeNull();
});
