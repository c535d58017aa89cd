/** Every command explains itself, and a misspelt one is set right. */
import { expect, it } from "vitest";
import { fakeHost } from "./fakeHost.ts";
import { run } from "./runLine.ts";

it.each([
  "",
  "demo ",
  "models inspect ",
  "society run ",
  "data build ",
  "align ",
  "evaluate ",
  "export adapter ",
  "export merged ",
  "gradcheck ",
])("folkmoot %s--help shows usage, and an example where there are flags", async (command) => {
  const host = fakeHost({});
  expect(await run(`${command}--help`, host)).toBe(0);
  expect(host.out()).toContain("Usage: folkmoot");
  if (command !== "") {
    expect(host.out()).toContain("Example:");
    expect(host.out()).toContain("--json");
  }
  for (const text of host.out().split("\n")) expect(text.length).toBeLessThanOrEqual(100);
});

it("a misspelt command is bad input and suggests the right one", async () => {
  const host = fakeHost({});
  expect(await run("aling", host)).toBe(2);
  expect(host.err()).toContain("align");
});
