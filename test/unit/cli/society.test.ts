/** `folkmoot society run`: from flags to the configuration of a society. */
import { describe, expect, it } from "vitest";
import { societyConfig } from "../../../core/contract/society.ts";
import { fakeHost } from "./fakeHost.ts";
import { finishes, run } from "./runLine.ts";

describe("folkmoot society run", () => {
  const result = { interactions: 4, unparsedRatings: 0, rounds: [], promptTokens: 1, completionTokens: 1 };

  it("makes one population of --model and --adapter and keeps every default", async () => {
    const host = fakeHost({ "society.run": () => finishes(result) });
    const line = "society run --model m.gguf --adapter l.gguf --questions q.txt --grid 3x5 --world all_bad --out s";
    expect(await run(`${line} --max-tokens 40 --observer o.gguf --memory-threshold 0.5`, host)).toBe(0);
    const expected = societyConfig.parse({
      populations: [{ model: "/work/folder/m.gguf", adapter: "/work/folder/l.gguf" }],
      questions: { path: "/work/folder/q.txt" },
      grid: { rows: 3, columns: 5 },
      world: { setting: "all_bad" },
      sampling: { maxTokens: 40 },
      observer: { model: "/work/folder/o.gguf" },
      memory: { threshold: 0.5 },
    });
    expect(host.inputs).toEqual([["society.run", { config: expected, directory: "/work/folder/s" }]]);
  });

  it("names --model and --questions when they are missing", async () => {
    const host = fakeHost({});
    expect(await run("society run --out s", host)).toBe(2);
    expect(host.err()).toContain("--model");
    expect(host.err()).toContain("--questions");
  });
});
