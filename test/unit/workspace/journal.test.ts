import { appendFile, open, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { Journal, readJournal } from "../../../core/workspace/journal.ts";
import { startChild } from "../../support/childScript.ts";
import { collect } from "../../support/collect.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const schema = z.object({ number: z.number(), text: z.string() });
type Line = z.infer<typeof schema>;
const line = (number: number, text = 'é\u2028 "x" \\ \n'): Line => ({ number, text });

async function readAll(path: string): Promise<Line[]> {
  await using journal = await Journal.open(path, schema);
  return await collect(journal.read());
}

test("records come back as they were written, also with line separators inside strings", async () => {
  const path = join(await temporaryFolder(), "interactions.jsonl");
  const records = Array.from({ length: 1000 }, (_, number) => line(number, "\u2028\u2029\r\n\t😀".repeat(number)));
  {
    await using journal = await Journal.open(path, schema);
    await Promise.all([journal.append(records.slice(0, 400)), journal.append(records.slice(400))]);
    expect(journal.count).toBe(1000);
    expect(await collect(journal.read())).toEqual(records);
  }
  expect(await readAll(path)).toEqual(records);
  expect(await collect(readJournal(path, schema))).toEqual(records);
});

test("a tail torn at any byte is cut off, what was before stays, and the next append fits", async () => {
  const folder = await temporaryFolder();
  const first = `${JSON.stringify(line(0))}\n${JSON.stringify(line(1))}\n`;
  const last = Buffer.from(`${JSON.stringify(line(2))}\n`);
  const whole = Buffer.concat([Buffer.from(first), last]);
  for (let kept = 0; kept <= last.length; kept++) {
    const path = join(folder, `${kept}.jsonl`);
    await writeFile(path, whole.subarray(0, whole.length - last.length + kept));
    // The line break is the only thing missing: the object is whole and not thrown away.
    const survives = kept >= last.length - 1;
    const expected = survives ? [line(0), line(1), line(2)] : [line(0), line(1)];
    expect(await collect(readJournal(path, schema)), `view, ${kept} bytes`).toEqual(expected);
    await using journal = await Journal.open(path, schema);
    expect(journal.count, `${kept} bytes`).toBe(expected.length);
    expect(journal.repairedBytes).toBe(survives ? 0 : kept);
    await journal.append([line(3)]);
    const text = expected.concat(line(3)).map((record) => `${JSON.stringify(record)}\n`);
    expect(await readFile(path, "utf8"), `${kept} bytes`).toBe(text.join(""));
  }
});

test("a last line of zeros or garbage with its line break is cut off too", async () => {
  const folder = await temporaryFolder();
  for (const [name, tail] of Object.entries({ zeros: "\0\0\0\0\n", garbage: "not json\n", number: "12\n" })) {
    const path = join(folder, name);
    await writeFile(path, `${JSON.stringify(line(0))}\n${tail}`);
    expect(await readAll(path), name).toEqual([line(0)]);
    expect((await stat(path)).size).toBe(Buffer.byteLength(`${JSON.stringify(line(0))}\n`));
  }
});

test("a broken line in the middle is an error that names file and line, and nothing is cut", async () => {
  const path = join(await temporaryFolder(), "metrics.jsonl");
  const text = `${JSON.stringify(line(0))}\n{"number": 1, "te\n${JSON.stringify(line(2))}\n`;
  await writeFile(path, text);
  await using journal = await Journal.open(path, schema);
  const failure = { code: "data-corrupt", message: expect.stringMatching(/Line 2 of .*metrics\.jsonl/) };
  await expect(collect(journal.read())).rejects.toMatchObject(failure);
  await expect(collect(readJournal(path, schema))).rejects.toMatchObject(failure);
  expect(await readFile(path, "utf8")).toBe(text);
});

test("a record that is JSON but not of the schema is named, not dropped", async () => {
  const path = join(await temporaryFolder(), "metrics.jsonl");
  await writeFile(path, `${JSON.stringify(line(0))}\n{"number":"one","text":""}\n`);
  await using journal = await Journal.open(path, schema);
  expect(journal.count).toBe(2);
  await expect(collect(journal.read())).rejects.toMatchObject({
    code: "data-corrupt",
    message: expect.stringContaining("number"),
  });
});

test("killed by SIGKILL while it appends: every acknowledged record is there, in order, none twice", async () => {
  const path = join(await temporaryFolder(), "interactions.jsonl");
  let records: Line[] = [];
  for (let kill = 1; kill <= 4; kill++) {
    const child = startChild("appendForever.ts", [path]);
    await child.line((_, count) => count >= 5 * kill);
    await child.kill();
    const acknowledged = Number(child.lines.at(-1));
    records = await readAll(path);
    expect(records.length).toBeGreaterThan(acknowledged);
    expect(records.map((record) => record.number)).toEqual(records.map((_, index) => index));
  }
  expect(records.length).toBeGreaterThan(50);
});

test("a failed write leaves no torn record for the next one to be glued to", async () => {
  const path = join(await temporaryFolder(), "interactions.jsonl");
  const probe = await open(path, "a+");
  const prototype = Object.getPrototypeOf(probe) as { write: (...args: unknown[]) => Promise<unknown> };
  await probe.close();
  await using journal = await Journal.open(path, schema);
  await journal.append([line(0)]);
  const write = prototype.write;
  let writes = 0;
  prototype.write = async function (this: unknown, ...args: unknown[]) {
    writes++;
    if (writes > 1) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    return write.call(this, args[0], args[1], 9, args[3]);
  };
  try {
    await expect(journal.append([line(1)])).rejects.toThrow("ENOSPC");
  } finally {
    prototype.write = write;
  }
  await journal.append([line(2)]);
  expect(await readFile(path, "utf8")).toBe(`${JSON.stringify(line(0))}\n${JSON.stringify(line(2))}\n`);
});

test("reading a large journal needs the memory of a line, not of the file", async () => {
  const path = join(await temporaryFolder(), "interactions.jsonl");
  const block = `${JSON.stringify(line(7, "x".repeat(1000)))}\n`.repeat(5000);
  for (let i = 0; i < 20; i++) await appendFile(path, block);
  await using journal = await Journal.open(path, schema);
  expect(journal.count).toBe(100_000);
  let count = 0;
  let highest = 0;
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
  for await (const record of journal.read()) {
    expect(record.number).toBe(7);
    if (count++ % 10_000 !== 0) continue;
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    highest = Math.max(highest, arrayBuffers + heapUsed - before);
  }
  expect(count).toBe(100_000);
  expect(highest).toBeLessThan(75e6);
});

test("a viewer of a journal that is not there sees no records and creates nothing", async () => {
  const path = join(await temporaryFolder(), "results.jsonl");
  expect(await collect(readJournal(path, schema))).toEqual([]);
  await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a file cut behind the journal's back does not bring back what was cut", async () => {
  const path = join(await temporaryFolder(), "events.jsonl");
  await using journal = await Journal.open(path, schema, { durable: false });
  await journal.append([line(0), line(1)]);
  await truncate(path, Buffer.byteLength(`${JSON.stringify(line(0))}\n`));
  expect(await collect(journal.read())).toEqual([line(0)]);
});
