import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { compareFiles, largestDifference } from "../../support/nativeCases.ts";
import { runFolkmoot } from "./commandLine.ts";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures", "cases", "llama");
const file = (name: string) => join(fixtures, name);

interface Expected {
  logps: number[][];
  modes: Record<string, { loss: number; nll: number[]; penalty: number; grad_norm: number }>;
}

describe("folkmoot gradcheck, against PyTorch's numbers", () => {
  const expected = JSON.parse(readFileSync(file("case.json"), "utf8")) as Expected;
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "folkmoot-gradcheck-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const gradcheck = (...args: string[]) =>
    runFolkmoot(["gradcheck", "--model", file("model.gguf"), "--adapter", file("adapter.gguf"), ...args]);

  it.each(["paper-sum", "paper-mean", "reference-mean", "reference-max"])("%s", async (mode) => {
    const grads = join(folder, `${mode}.gguf`);
    const ended = await gradcheck("--case", file("case.json"), "--mode", mode, "--grads", grads, "--json");
    expect(ended.stderr).toBe("");
    expect(ended.code).toBe(0);
    const result = JSON.parse(ended.stdout) as { logps: number[][]; loss: number; penalty: number; gradNorm: number };
    const wanted = expected.modes[mode];
    expect(result.loss).toBeCloseTo(wanted?.loss ?? Number.NaN, 5);
    expect(result.penalty).toBeCloseTo(wanted?.penalty ?? Number.NaN, 5);
    expect(Math.abs(result.gradNorm / (wanted?.grad_norm ?? Number.NaN) - 1)).toBeLessThan(1e-5);
    expect(result.logps.map((response) => response.length)).toEqual(expected.logps.map((response) => response.length));
    const differences = result.logps.flatMap((response, i) =>
      response.map((logp, t) => Math.abs(logp - (expected.logps[i]?.[t] ?? Number.NaN))),
    );
    expect(Math.max(...differences)).toBeLessThan(1e-5);
    const written = await readGgufHeader(grads);
    const reference = await readGgufHeader(file(`grads-${mode}.gguf`));
    const shapes = (header: typeof written) =>
      header.tensors.map(({ name, dimensions }) => `${name} ${dimensions.join("x")}`).sort();
    expect(shapes(written)).toEqual(shapes(reference));
  });

  it.each(["phi3-long", "phi3-short"])(
    "%s: with the factors of the context that the case is served in",
    async (name) => {
      const path = (part: string) => join(fixtures, "..", name, part);
      const wanted = JSON.parse(readFileSync(path("case.json"), "utf8")) as Expected;
      const [mode = "", numbers] = Object.entries(wanted.modes)[0] ?? [];
      const grads = join(folder, `${name}.gguf`);
      const ended = await runFolkmoot([
        ...["gradcheck", "--model", path("model.gguf"), "--adapter", path("adapter.gguf"), "--case", path("case.json")],
        ...["--mode", mode, "--grads", grads, "--json"],
      ]);
      expect(ended.code).toBe(0);
      const result = JSON.parse(ended.stdout) as { logps: number[][]; loss: number; gradNorm: number };
      expect(largestDifference(wanted.logps, result.logps)).toBeLessThan(1e-5);
      expect(Math.abs(result.loss - (numbers?.loss ?? Number.NaN))).toBeLessThan(1e-5);
      expect(Math.abs(result.gradNorm / (numbers?.grad_norm ?? Number.NaN) - 1)).toBeLessThan(2e-5);
      const errors = await compareFiles(grads, path(`grads-${mode}.gguf`));
      expect(Math.max(...errors.values())).toBeLessThan(2e-5);
    },
  );

  it("names what is wrong with a case, and with a model that is none", async () => {
    const broken = join(folder, "broken.json");
    writeFileSync(broken, JSON.stringify({ query: [1], responses: [[2], []], scores: [1] }));
    const badCase = await gradcheck("--case", broken, "--json");
    expect(badCase.code).toBe(4);
    expect(JSON.parse(badCase.stdout)).toMatchObject({ error: { code: "data-corrupt" } });
    expect(badCase.stderr).toContain("ratingScale");

    const noModel = await runFolkmoot([
      ...["gradcheck", "--model", broken, "--adapter", file("adapter.gguf"), "--case", file("case.json")],
    ]);
    expect(noModel.code).toBe(3);
    expect(noModel.stderr).toMatch(/Error \(model-corrupt\)[\s\S]*Do: /);
    expect(noModel.stderr).not.toMatch(/\n\s+at /);
  });
});
