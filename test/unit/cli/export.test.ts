/** `folkmoot export` and `folkmoot gradcheck`: what they hand on, and what they refuse. */
import { expect, it } from "vitest";
import { fakeHost } from "./fakeHost.ts";
import { finishes, run } from "./runLine.ts";

it("export merged defaults to Q8_0 and refuses unknown types", async () => {
  const exported = { path: "/o.gguf", bytes: 10, proof: { maxDifference: 1e-6, meanDifference: 1e-7 } };
  const host = fakeHost({ "export.merged": () => finishes(exported) });
  expect(await run("export merged --run r --out o.gguf", host)).toBe(0);
  expect(host.inputs[0]?.[1]).toMatchObject({ run: "/work/folder/r", output: "/work/folder/o.gguf", type: "Q8_0" });
  expect(await run("export merged --run r --out o.gguf --type Q9", host)).toBe(2);
  for (const [given, checkpoint] of [
    ["best", "best"],
    ["12", 12],
  ] as const) {
    const other = fakeHost({ "export.merged": () => finishes(exported) });
    expect(await run(`export merged --run r --out o.gguf --checkpoint ${given}`, other)).toBe(0);
    expect(other.inputs[0]?.[1]).toMatchObject({ checkpoint });
  }
  expect(await run("export merged --run r --out o.gguf --checkpoint newest", host)).toBe(2);
  expect(host.err()).toContain("newest");
});

it("gradcheck passes its case on and prints the numbers untouched", async () => {
  const numbers = { logps: [[-1.5]], loss: 7.276751995086671, nll: [7.5], penalty: 0.229, gradNorm: 6.03 };
  const host = fakeHost({ gradcheck: async () => numbers });
  const line = "gradcheck --model m.gguf --adapter a.gguf --case c.json --mode paper-mean --grads g.gguf --json";
  expect(await run(line, host)).toBe(0);
  expect(JSON.parse(host.out())).toEqual(numbers);
  expect(host.inputs[0]?.[1]).toMatchObject({ mode: "paper-mean", grads: "/work/folder/g.gguf", threads: 0 });
  expect(await run("gradcheck --model m --adapter a --case c --mode nonsense", host)).toBe(2);
  expect(host.err()).toContain("paper-max");
});
