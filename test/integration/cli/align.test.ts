import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runFolkmoot, startFolkmoot } from "./commandLine.ts";

const model = join(import.meta.dirname, "..", "..", "fixtures", "cases", "llama", "model.gguf");

interface AlignResult {
  steps: number;
  resumedFrom: number;
  adapter: string;
  loss: { first: number; last: number };
}

describe("folkmoot align on the published format", () => {
  let folder: string;
  let data: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "folkmoot-align-"));
    data = join(folder, "data.json");
    const rows = Array.from({ length: 24 }, (_, i) => ({
      query: `Question ${i}: what do you do?`,
      responses: [`I give it back, friend ${i}.`, `I keep it ${i}.`, "I ask around."],
      scores: [7, "2", 5],
    }));
    writeFileSync(data, JSON.stringify(rows));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const args = (directory: string, ...more: string[]) => [
    ...["align", "--model", model, "--data", data, "--out", join(folder, directory)],
    ...["--rank", "4", "--learning-rate", "1e-3", "--accumulation", "1", "--epochs", "30", "--threads", "1"],
    ...["--evaluate-every", "0", "--checkpoint-every", "0", ...more],
  ];
  const adapterOf = (stdout: string) => readFileSync((JSON.parse(stdout) as AlignResult).adapter);

  it("keeps what is finished on Ctrl+C, and resumed gives the adapter of an uninterrupted run", async () => {
    const whole = await runFolkmoot(args("whole", "--json"));
    expect(whole.stderr).not.toContain("Error");
    expect(whole.code).toBe(0);
    const result = JSON.parse(whole.stdout) as AlignResult;
    expect(result.loss.last).toBeLessThan(result.loss.first / 2);

    const running = startFolkmoot(args("stopped", "--json-events"));
    await running.says('"step":5,');
    // What a terminal does: the whole process group gets it, hosts included.
    process.kill(-(running.child.pid ?? 0), "SIGINT");
    const stopped = await running.ended;
    expect(stopped.stderr).toContain("Stopping; what is finished is kept.");
    expect(stopped.stderr).not.toContain("native-crash");
    expect(stopped.code).toBe(130);
    expect(existsSync(join(folder, "stopped", "config.json"))).toBe(true);

    // Nothing but the folder: the frozen configuration is used again.
    const resumed = await runFolkmoot(["align", "--out", join(folder, "stopped"), "--json"]);
    expect(resumed.stderr).toContain("Resumed");
    expect(resumed.code).toBe(0);
    const after = JSON.parse(resumed.stdout) as AlignResult;
    expect(after.steps).toBe(result.steps);
    expect(after.resumedFrom).toBeGreaterThan(0);
    expect(after.resumedFrom).toBeLessThan(after.steps);
    expect(adapterOf(resumed.stdout).equals(adapterOf(whole.stdout))).toBe(true);
  });

  it("run again when all is done, it only reports, and the memory is still what the training took", async () => {
    const first = JSON.parse((await runFolkmoot(args("again", "--json"))).stdout);
    expect(first.peakResidentBytes).toBeGreaterThan(first.memory.activations);
    const again = JSON.parse((await runFolkmoot(args("again", "--json"))).stdout);
    expect(again.tokensPerSecond).toBeNull();
    const { memory, memoryEstimate, peakResidentBytes } = first;
    expect(again).toMatchObject({ memory, memoryEstimate, peakResidentBytes });
  });

  it("is told by --estimate what it then takes of the memory, for its own rows", async () => {
    const settings = ["--accumulation", "4", "--epochs", "2", "--sample-every", "0"];
    const { rows, estimate } = JSON.parse(
      (await runFolkmoot(args("told", ...settings, "--estimate", "--json"))).stdout,
    );
    expect(rows.count).toBe(24);
    expect(existsSync(join(folder, "told"))).toBe(false);
    const { memory, memoryEstimate } = JSON.parse((await runFolkmoot(args("told", ...settings, "--json"))).stdout);
    expect(memoryEstimate).toEqual(estimate);
    expect(estimate.activations).toBe(memory.activations);
    expect(estimate.adapter).toBe(memory.adapter);
    expect(Math.max(estimate.block, estimate.headChunk)).toBeGreaterThanOrEqual(memory.arena);
  });

  it("a damaged model is named and leaves no run behind", async () => {
    const damaged = join(folder, "damaged.gguf");
    writeFileSync(damaged, readFileSync(model).subarray(0, 5000));
    const ended = await runFolkmoot(["align", "--model", damaged, "--data", data, "--out", join(folder, "none")]);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain("damaged.gguf is not a usable GGUF");
    expect(existsSync(join(folder, "none"))).toBe(false);
  });

  it("refuses other settings for the same folder, naming the setting", async () => {
    const other = await runFolkmoot(args("whole", "--rank", "8"));
    expect(other.code).toBe(4);
    expect(other.stderr).toMatch(/Error \(run-mismatch\).*lora\.rank/);
  });

  it("names the row and the field of data that cannot be used", async () => {
    const bad = join(folder, "bad.json");
    writeFileSync(
      bad,
      JSON.stringify([
        { query: "q", responses: ["a"], scores: [7] },
        { query: "q", responses: ["a"] },
      ]),
    );
    const ended = await runFolkmoot(["align", "--model", model, "--data", bad, "--out", join(folder, "bad")]);
    expect(ended.code).toBe(4);
    expect(ended.stderr).toMatch(/Error \(data-corrupt\): Row 2 .*scores/);
  });

  it("dpo with a cap on the time, samples and early stop, in one run directory; then the estimate is what was measured", async () => {
    const prompts = join(folder, "prompts.txt");
    writeFileSync(prompts, "Do you keep it?\n\nWho are you?\n");
    const flags = [
      ...["--loss", "dpo:1,sft:0.1", "--evaluation-share", "0.2", "--evaluate-every", "4", "--patience", "2"],
      ...["--sample-every", "8", "--sample-prompts", prompts, "--sample-tokens", "4", "--max-minutes", "10"],
    ];
    const ended = await runFolkmoot(args("dpo", "--epochs", "40", "--json", ...flags));
    expect(ended.stderr).not.toContain("Error");
    const result = JSON.parse(ended.stdout);
    expect(result).toMatchObject({ ended: "early-stop" });
    expect(result.best.step).toBe(result.steps - 8);
    expect(result.memoryEstimate.weights).toBe(result.memory.weights);
    expect(ended.stderr).toMatch(/Step 8: Do you keep it\?\n {2}base .*\n {2}tuned /);
    const looks = readFileSync(join(folder, "dpo", "samples.jsonl"), "utf8")
      .trim()
      .split("\n");
    expect(looks.map((look) => JSON.parse(look).step)).toEqual(looks.map((_, i) => i * 8));
    expect(JSON.parse(looks[1] ?? "").samples).toHaveLength(2);

    const estimate = await runFolkmoot(["align", "--out", join(folder, "dpo"), "--estimate", "--json"]);
    const { measured, estimate: corrected } = JSON.parse(estimate.stdout);
    expect(measured).toMatchObject(result.memory);
    expect(corrected.activations).toBe(result.memory.activations);
    expect(corrected.total, "the process at its largest").toBe(measured.resident);
    expect(corrected.program).toBeGreaterThan(100 * 2 ** 20);
  });
});
