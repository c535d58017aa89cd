import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { compareMemory, differenceOf } from "../../../core/contract/trainingMemory.ts";

const memory = { weights: 100, copies: 0, adapter: 20, activations: 60, arena: 20 };
const estimate = { ...memory, activations: 80, headChunk: 10, block: 25, program: 150, total: 375 };
const result = { memory, memoryEstimate: estimate, peakResidentBytes: 380 };

describe("what a training took beside what was expected", () => {
  it("counts the same parts on both sides, so that the totals can be compared", () => {
    const compared = compareMemory(result);
    expect(compared?.parts.map(({ part }) => part)).toEqual(["weights", "adapter", "activations", "work", "program"]);
    expect(compared?.parts.at(-1)).toEqual({ part: "program", measured: 180, estimated: 150 });
    expect(compared?.total).toEqual({ measured: 380, estimated: 375 });
    const unmeasured = compareMemory({ ...result, peakResidentBytes: null });
    expect(unmeasured?.total, "without the program, on either side").toEqual({ measured: 200, estimated: 225 });
  });

  it("of a card is the card's, the process stands beside it", () => {
    const onCard = compareMemory({ ...result, memoryEstimate: { ...estimate, program: 0 } });
    expect(onCard).toMatchObject({ besideCard: 380, total: { measured: 200, estimated: 225 } });
    expect(compareMemory(result)?.besideCard).toBeNull();
  });

  it("of an older result, which calls the copies transposed, is compared alike", () => {
    const older = ({ copies: transposed, ...parts }: typeof memory) => ({ ...parts, transposed });
    const [held, expected] = [
      { ...memory, copies: 40 },
      { ...estimate, copies: 30 },
    ];
    const compared = compareMemory({ ...result, memory: held, memoryEstimate: expected });
    expect(compared?.parts).toContainEqual({ part: "copies", measured: 40, estimated: 30 });
    const before = { ...result, memory: older(held), memoryEstimate: { ...estimate, ...older(expected) } };
    const { copies: _, ...estimateBefore } = before.memoryEstimate;
    expect(compareMemory({ ...before, memoryEstimate: estimateBefore })).toEqual(compared);
  });

  it("says nothing where nothing was trained or known, and measured alone where nothing was estimated", () => {
    expect(compareMemory(null)).toBeNull();
    expect(compareMemory({ steps: 4 })).toBeNull();
    expect(compareMemory({ ...result, memory: { ...memory, activations: 0 } })).toBeNull();
    const plain = compareMemory({ ...result, memoryEstimate: null });
    expect(plain?.total).toEqual({ measured: 380, estimated: null });
    expect(plain?.parts.map(differenceOf)).toEqual([null, null, null, null, null]);
  });
});

describe("the largest that a process has been", () => {
  it("is its own, not that of the process which started it", () => {
    const large = Buffer.alloc(400 * 2 ** 20, 1);
    const module = new URL("../../../core/workbench/processMemory.ts", import.meta.url).href;
    const code = `import(${JSON.stringify(module)}).then((m) => console.log(m.largestResidentBytes()))`;
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", code], { encoding: "utf8" });
    expect(stderr).not.toContain("Error");
    expect(Number(stdout)).toBeGreaterThan(20 * 2 ** 20);
    if (process.platform === "linux") expect(Number(stdout)).toBeLessThan(large.length / 2);
  });
});
