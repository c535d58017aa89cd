import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { demoResults } from "../../../cli/demo/results.ts";
import { runFolkmoot, startFolkmoot } from "./commandLine.ts";

const model = join(import.meta.dirname, "..", "..", "fixtures", "cases", "llama", "model.gguf");

describe("folkmoot demo, whole, on a model of random weights", () => {
  let folder: string;
  let experiment: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "folkmoot-demo-"));
    const write = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return name;
    };
    const questions = write("questions.txt", "May I keep it?\nWho broke it?\nShall we share?\nIs it mine?\n");
    const heldOut = Array.from({ length: 6 }, (_, i) => ({ question: `Held out ${i}?`, good: ["e"], bad: ["zz"] }));
    const sampling = { maxTokens: 8 };
    const size = {
      society: {
        grid: { rows: 2, columns: 2 },
        peers: 2,
        rounds: 2,
        questions: { path: questions },
        sampling,
        threads: 1,
      },
      align: { lora: { rank: 2 }, accumulation: 2, epochs: 2, threads: 1 },
      evaluation: {
        questions: write("heldout.jsonl", heldOut.map((line) => JSON.stringify(line)).join("\n")),
        sampling,
        threads: 1,
      },
    };
    experiment = join(
      folder,
      write(
        "experiment.json",
        JSON.stringify({ version: 1, name: "random", model, sizes: { full: size, small: size } }),
      ),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const args = (directory: string, ...more: string[]) => [
    ...["demo", "--experiment", experiment, "--out", join(folder, directory), "--seed", "5", ...more],
  ];
  const interactions = (directory: string) => readFileSync(join(folder, directory, "society", "interactions.jsonl"));
  const resultsOf = (directory: string) =>
    demoResults.parse(JSON.parse(readFileSync(join(folder, directory, "results.json"), "utf8")));

  it("ends with a table that fits 100 columns, and everything it names is there", async () => {
    const ended = await runFolkmoot(args("first"));
    expect(ended.stderr).not.toContain("Error");
    expect(ended.code).toBe(0);
    for (const heading of ["1. Society", "2. Data", "3. Align", "4. Evaluate", "5. Export", "6. Export", "revises"])
      expect(ended.stderr).toContain(heading);
    for (const line of ended.stdout.split("\n").filter((text) => !text.includes(folder)))
      expect([...line].length, line).toBeLessThanOrEqual(100);
    expect(ended.stdout).toContain("good answers");
    const results = resultsOf("first");
    expect(results).toMatchObject({ size: "full", seed: 5, interactions: 8, questions: 6 });
    expect(results.rounds.map(({ round }) => round)).toEqual([1, 2]);
    expect(results.seconds.total).toBeGreaterThan(results.seconds.society);
    expect(results.tokensPerSecond.society).toBeGreaterThan(0);
    for (const path of Object.values(results.paths)) expect(existsSync(path), path).toBe(true);
    for (const { goodShare, interval } of [results.base, results.aligned]) {
      expect(goodShare).toBeGreaterThanOrEqual(interval[0]);
      expect(goodShare).toBeLessThanOrEqual(interval[1]);
    }
  });

  it("gives the same records and shares for the same seed, also when it was stopped in between", async () => {
    const running = startFolkmoot(args("second", "--json-events"));
    await running.says('"type":"interaction"');
    process.kill(-(running.child.pid ?? 0), "SIGINT");
    expect((await running.ended).code).toBe(130);
    expect(existsSync(join(folder, "second", "results.json"))).toBe(false);

    const resumed = await runFolkmoot(args("second", "--json"));
    expect(resumed.code).toBe(0);
    expect(demoResults.parse(JSON.parse(resumed.stdout))).toEqual(resultsOf("second"));
    expect(interactions("second").equals(interactions("first"))).toBe(true);
    const [first, second] = [resultsOf("first"), resultsOf("second")];
    for (const field of ["base", "aligned", "difference", "rounds", "loss", "rows", "proofs"] as const)
      expect(second[field], field).toEqual(first[field]);
  });

  it("refuses another seed in the same folder instead of mixing two experiments", async () => {
    const other = await runFolkmoot([...args("first").slice(0, -1), "6"]);
    expect(other.code).toBe(4);
    expect(other.stderr).toMatch(/Error \(run-mismatch\).*seed/);
    expect(resultsOf("first").seed).toBe(5);
  });
});
