import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type DroppedFile, planDrop } from "../../../renderer/app/drop/dropPlan.ts";
import { headBytes, kindOf } from "../../../renderer/app/drop/fileKind.ts";

const resources = join(import.meta.dirname, "..", "..", "..", "resources", "demo");
const headOf = async (name: string) => (await readFile(join(resources, name), "utf8")).slice(0, headBytes);

describe("what a dropped file is", () => {
  it("shows in the demo's own files", async () => {
    expect(kindOf("heldout.jsonl", await headOf("heldout.jsonl"))).toBe("heldOut");
    expect(kindOf("prior.jsonl", await headOf("prior.jsonl"))).toBe("prior");
    expect(kindOf("questions.txt", "")).toBe("questions");
  });

  it("shows in the first entry, however the file is laid out", () => {
    const row = { query: "Q {", responses: ['He said: "}"', "b"], scores: [1, 2] };
    expect(kindOf("sandbox_v1.json", JSON.stringify([row, row], null, 2))).toBe("data");
    expect(kindOf("rows.jsonl", `\n${JSON.stringify(row)}\n{"broken`)).toBe("data");
    expect(kindOf("asked.json", '[\n  {"question": "May I?"}]')).toBe("questions");
    expect(kindOf("VILLAGE.GGUF", "")).toBe("model");
  });

  it("is unknown for everything else, also when it only looks alike", () => {
    for (const [name, head] of [
      ["notes.pdf", ""],
      ["gguf", ""],
      ["numbers.json", "[1, 2, 3]"],
      ["empty.jsonl", ""],
      ["torn.json", '{"query": "q", "responses": ["a"'],
      ["other.jsonl", '{"prompt": "q", "chosen": "a", "rejected": "b"}'],
      ["scores.jsonl", '{"query": "q", "responses": "a", "scores": 1}'],
    ] as const)
      expect(kindOf(name, head), name).toBe("unknown");
  });
});

describe("what is done with a drop", () => {
  const file = (name: string, kind: DroppedFile["kind"], path: string | null = `/d/${name}`) => ({ name, kind, path });

  it("takes models, data and one form together", () => {
    const plan = planDrop(
      [file("a.gguf", "model"), file("rows.jsonl", "data"), file("q.txt", "questions"), file("b.gguf", "model")],
      "home",
    );
    expect(plan).toEqual({
      models: ["/d/a.gguf", "/d/b.gguf"],
      folders: [],
      imports: ["/d/rows.jsonl"],
      form: { screen: "society", setting: "questions.path", path: "/d/q.txt" },
      unknown: [],
      second: [],
      placeless: null,
    });
  });

  it("means the form of the screen that is looked at, where it takes such a file", () => {
    expect(planDrop([file("q.jsonl", "questions")], "evaluate").form?.screen).toBe("evaluate");
    expect(planDrop([file("h.jsonl", "heldOut")], "society").form).toMatchObject({ screen: "evaluate" });
    const onAlign = planDrop([file("rows.jsonl", "data")], "align");
    expect([onAlign.imports, onAlign.form]).toEqual([[], { screen: "align", setting: "data", path: "/d/rows.jsonl" }]);
  });

  it("names what was left out, and why", () => {
    const plan = planDrop([file("q.txt", "questions"), file("r.txt", "questions"), file("x.pdf", "unknown")], "home");
    expect(plan.second.map(({ name }) => name)).toEqual(["r.txt"]);
    expect(plan.unknown.map(({ name }) => name)).toEqual(["x.pdf"]);
  });

  it("in a browser only says where the file can be chosen", () => {
    const plan = planDrop([file("a.gguf", "model", null), file("x.pdf", "unknown", null)], "home");
    expect([plan.models, plan.form]).toEqual([[], null]);
    expect(plan.placeless).toMatchObject({ files: [{ name: "a.gguf" }], screen: "models" });
    expect(plan.unknown).toHaveLength(1);
    expect(planDrop([file("q.txt", "questions", null)], "home").placeless?.screen).toBe("society");
    expect(planDrop([file("r.jsonl", "data", null)], "home").placeless?.screen).toBe("data");
  });
});
