import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAlive } from "../../support/isAlive.ts";
import { q8Model } from "../models/fixtures.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "folkmoot-parent-"));
});
afterAll(() => rm(folder, { recursive: true }));

const source = (path: string) => JSON.stringify(new URL(`../../../core/${path}`, import.meta.url).href);

/** Starts both hosts, the engine in the middle of a run, and prints their process ids. */
const parentScript = (directory: string, questions: string) => `
  const { engineHost, trainerHost } = await import(${source("host/supervisor.ts")});
  const { societyConfig } = await import(${source("contract/society.ts")});
  const [engine, trainer] = [engineHost(), trainerHost()];
  await Promise.all([engine.start(), trainer.start()]);
  const config = societyConfig.parse({
    grid: { rows: 3, columns: 3 }, rounds: 10000, questions: { path: ${JSON.stringify(questions)} },
    populations: [{ model: ${JSON.stringify(q8Model)} }], sequences: 8, threads: 1,
    sampling: { maxTokens: 16 },
  });
  let said = false;
  for await (const event of await engine.client.society.run({ config, directory: ${JSON.stringify(directory)} })) {
    if (event.type !== "interaction" || said) continue;
    said = true;
    console.log(JSON.stringify([engine.pid, trainer.pid]));
  }`;

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\n")) resolve(text);
    });
    child.once("exit", (code) => reject(new Error(`The parent ended by itself with ${code}.`)));
  });
}

describe("a parent killed by SIGKILL", () => {
  it("leaves no host behind after five seconds, not even one in the middle of a batch", async () => {
    const [script, questions] = [join(folder, "parent.mjs"), join(folder, "questions.txt")];
    await writeFile(questions, "Who?\nWhat?\nWhere?\nWhy?\n");
    await writeFile(script, parentScript(join(folder, "run"), questions));
    const parent = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
    const pids = JSON.parse(await firstLine(parent)) as number[];
    expect(pids.filter(isAlive)).toEqual(pids);
    parent.kill("SIGKILL");
    const deadline = performance.now() + 5_000;
    while (pids.some(isAlive) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(pids.filter(isAlive)).toEqual([]);
  });
});
