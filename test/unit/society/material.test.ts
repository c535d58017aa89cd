import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadPriorPairs, priorPairsOf } from "../../../core/society/priorMemory.ts";
import { loadQuestions, planQuestions } from "../../../core/society/questions.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

async function fileWith(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content);
  return path;
}

test("questions from txt, jsonl and csv, as editors and spreadsheets write them", async () => {
  const expected = ['Who said "no", and why?', "Whose is it?"];
  const txt = `\uFEFF${expected[0]}\r\n\r\n  ${expected[1]}  `;
  expect(await loadQuestions(await fileWith("q.txt", txt))).toEqual(expected);
  const jsonl = `${JSON.stringify({ question: expected[0], id: 1 })}\n\n${JSON.stringify({ question: expected[1] })}`;
  expect(await loadQuestions(await fileWith("q.jsonl", jsonl))).toEqual(expected);
  const csv = `id,Question\r\n1,"Who said ""no"", and why?"\r\n2,Whose is it?\r\n`;
  expect(await loadQuestions(await fileWith("q.CSV", csv))).toEqual(expected);
  expect(await loadQuestions(await fileWith("q.csv", 'question\n"two\nlines"\n'))).toEqual(["two\nlines"]);
});

test("a question file that cannot be used says where and why", async () => {
  const failing = async (name: string, content: string | Uint8Array) =>
    loadQuestions(await fileWith(name, content)).catch((error: unknown) => error);
  expect(await failing("q.txt", " \n\n")).toMatchObject({
    code: "bad-setting",
    details: { setting: "questions.path" },
  });
  expect(await failing("q.pdf", "?")).toMatchObject({ code: "bad-setting" });
  expect(await failing("q.jsonl", '{"question":"a"}\n{"text":"b"}')).toMatchObject({
    code: "data-corrupt",
    details: { line: 2 },
  });
  expect(await failing("q.jsonl", "{oops")).toMatchObject({ code: "data-corrupt", details: { line: 1 } });
  expect(await failing("q.csv", "a,b\n1,2")).toMatchObject({ message: expect.stringContaining("question") });
  expect(await failing("q.csv", "id,question\n1,a\n2")).toMatchObject({ details: { line: 3 } });
  expect(await failing("q.csv", 'question\n"open')).toMatchObject({ code: "data-corrupt" });
  expect(await failing("q.txt", Buffer.from([0x80, 0xff, 0xfe]))).toMatchObject({ code: "data-corrupt" });
  await expect(loadQuestions("/nowhere/q.txt")).rejects.toMatchObject({ code: "data-not-found" });
});

test("every question is asked before one is asked again, over any number of rounds", () => {
  const questions = Array.from({ length: 22 }, (_, i) => `q${i}`);
  for (const order of ["given", "shuffled"] as const) {
    const plan = planQuestions(questions, { seed: 3, agents: 10, order });
    const asked = Array.from({ length: 110 }, (_, i) => plan.at(Math.floor(i / 10) + 1, i % 10));
    for (let pass = 0; pass < 5; pass++)
      expect(new Set(asked.slice(pass * 22, pass * 22 + 22)).size, `${order}, pass ${pass}`).toBe(22);
    const again = planQuestions(questions, { seed: 3, agents: 10, order });
    expect(again.at(11, 9)).toBe(asked[109]);
    const firstPass = asked.slice(0, 22);
    if (order === "given") expect(firstPass).toEqual(questions);
    else {
      expect(firstPass).not.toEqual(questions);
      expect(asked.slice(22, 44)).not.toEqual(firstPass);
    }
  }
});

test("a society larger than its question set still gives everybody a question", () => {
  const plan = planQuestions(["a", "b", "c"], { seed: 1, agents: 100, order: "shuffled" });
  const asked = Array.from({ length: 100 }, (_, agent) => plan.at(1, agent));
  for (const question of ["a", "b", "c"]) expect(asked.filter((q) => q === question).length).toBeGreaterThan(32);
});

test("prior memory: array or lines, by label, dialogues of several turns left out", async () => {
  const entries = [
    { question: "Who?", response: " Ada ", morality_label: "good" },
    { question: "Who?", response: "Nobody", morality_label: "bad" },
    { question: "Human: hi\n\nAssistant: yes?\n\nHuman: who?", response: "Ada", morality_label: "good" },
  ];
  const expected = { good: [{ question: "Who?", answer: "Ada" }], bad: [{ question: "Who?", answer: "Nobody" }] };
  const array = await fileWith("prior.json", JSON.stringify(entries, null, 2));
  expect(await loadPriorPairs(array)).toEqual(expected);
  const lines = await fileWith("prior.jsonl", entries.map((entry) => JSON.stringify(entry)).join("\n"));
  expect(await loadPriorPairs(lines)).toEqual(expected);
  const wrong = await fileWith("wrong.json", JSON.stringify([entries[0], { ...entries[1], morality_label: "evil" }]));
  await expect(loadPriorPairs(wrong)).rejects.toMatchObject({ code: "data-corrupt", details: { line: 2 } });
});

test("each agent draws its own pairs of its own label", () => {
  const pair = (label: string, i: number) => ({ question: `${label} ${i}`, answer: "" });
  const all = Array.from({ length: 30 }, (_, i) => i);
  const pairs = { good: all.map((i) => pair("good", i)), bad: all.map((i) => pair("bad", i)) };
  const drawn = priorPairsOf(pairs, { id: 1, label: "bad" }, { seed: 1, count: 6 });
  expect(new Set(drawn.map(({ question }) => question)).size).toBe(6);
  for (const { question } of drawn) expect(question).toMatch(/^bad/);
  expect(priorPairsOf(pairs, { id: 2, label: "bad" }, { seed: 1, count: 6 })).not.toEqual(drawn);
});
