import { expect, test } from "vitest";
import { randomStream } from "../../../core/random.ts";
import { cosineDistance, fitLexicalEmbedder, wordsOf } from "../../../core/society/lexicalEmbedder.ts";
import { AgentMemory, MemoryIndex } from "../../../core/society/memory.ts";

const words = ["purse", "window", "goat", "Ada", "Ben", "lost", "broken", "the", "a", "found", "river", "mill"];
function randomTexts(count: number, seed: number): string[] {
  const stream = randomStream(seed, "texts");
  return Array.from({ length: count }, () =>
    Array.from({ length: 3 + stream.integer(4) }, () => words[stream.integer(words.length)]).join(" "),
  );
}
function memoryOver(corpus: readonly string[], threshold: number) {
  const index = new MemoryIndex(fitLexicalEmbedder(corpus), threshold);
  for (const text of corpus) index.add(text);
  return { index, memory: new AgentMemory(index), recall: (m: AgentMemory, q: string) => m.recall(index.rank(q)) };
}

test("words: case, punctuation and composed letters do not matter; unspaced scripts fall into characters", () => {
  expect(wordsOf("Who LOST Ada's purse?")).toEqual(["who", "lost", "ada", "s", "purse"]);
  expect(wordsOf("Cafe\u0301 ﬁne")).toEqual(["café", "fine"]);
  expect(wordsOf("丢了什么 ok")).toEqual(["丢", "了", "什", "么", "ok"]);
  expect(wordsOf("?!")).toEqual(["?!"]);
});

test("distance by hand: tf-idf of words and word pairs, cosine", () => {
  const { embed } = fitLexicalEmbedder(["a b", "a c", "d"]);
  // n = 3. idf(df) = ln(4 / (1 + df)) + 1; a: df 2; b, c, "a b", "a c": df 1.
  const [common, rare] = [Math.log(4 / 3) + 1, Math.log(4 / 2) + 1];
  const cosine = common ** 2 / (common ** 2 + 2 * rare ** 2);
  expect(cosineDistance(embed("a b"), embed("A, c!"))).toBeCloseTo(1 - cosine, 6);
  expect(cosineDistance(embed("a b"), embed("A B."))).toBe(0);
  expect(cosineDistance(embed("a b"), embed("d"))).toBe(1);
  expect(cosineDistance(embed(""), embed("d"))).toBe(1);
});

test("a text's vector is the same whatever was embedded before it", () => {
  const corpus = randomTexts(50, 1);
  const [fresh, used] = [fitLexicalEmbedder(corpus), fitLexicalEmbedder(corpus)];
  for (const text of randomTexts(200, 2)) used.embed(`${text} unheard`);
  for (const [a, b] of [
    ["Ada lost a goat", "Ben found a goat"],
    ["new words here", "new words there"],
  ] as const)
    expect(cosineDistance(used.embed(a), used.embed(b))).toBe(cosineDistance(fresh.embed(a), fresh.embed(b)));
});

test("recall finds what a search over everything remembered would find", () => {
  const corpus = [...new Set(randomTexts(300, 3))];
  const embedder = fitLexicalEmbedder(corpus);
  const { memory, recall } = memoryOver(corpus, 0.55);
  const stream = randomStream(4, "remember");
  const remembered: { question: string; answer: string }[] = [];
  let hits = 0;
  for (let step = 0; step < 300; step++) {
    const question = corpus[stream.integer(corpus.length)] ?? "";
    const old = remembered.findIndex((entry) => entry.question === question);
    if (old !== -1) remembered.splice(old, 1);
    remembered.push({ question, answer: `answer ${step}` });
    memory.remember(question, `answer ${step}`);
    const asked = corpus[stream.integer(corpus.length)] ?? "";
    let best: { question: string; answer: string; distance: number } | null = null;
    for (const entry of remembered) {
      const distance = cosineDistance(embedder.embed(asked), embedder.embed(entry.question));
      if (distance <= 0.55 && (best === null || distance <= best.distance)) best = { ...entry, distance };
    }
    const found = recall(memory, asked);
    expect(found).toEqual(best);
    if (found !== null) hits++;
  }
  expect(hits).toBeGreaterThan(100);
  expect(hits).toBeLessThan(300);
});

test("the cost of a recall does not grow with what is remembered", () => {
  const corpus = [...new Set(randomTexts(2000, 5))];
  const { index } = memoryOver(corpus, 0.7);
  const memories = Array.from({ length: 9 }, () => new AgentMemory(index));
  const stream = randomStream(6, "rounds");
  const costs = Array.from({ length: 1000 }, (_, round) => {
    const question = corpus[stream.integer(corpus.length)] ?? "";
    const before = index.operations;
    const ranked = index.rank(question);
    for (const memory of memories) memory.recall(ranked);
    const cost = index.operations - before;
    for (const memory of memories) memory.remember(corpus[stream.integer(corpus.length)] ?? "", `answer ${round}`);
    return cost;
  });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(memories[0]?.size).toBeGreaterThan(500);
  expect(mean(costs.slice(-100))).toBeLessThanOrEqual(mean(costs.slice(0, 100)));
  // The bound is a property of the question set: what shares a term with the question, walked once per agent.
  const dearest = (from: number, to: number) => Math.max(...costs.slice(from, to));
  expect(dearest(900, 1000)).toBeLessThanOrEqual(10 * corpus.length * 11);
  expect(dearest(900, 1000)).toBeLessThanOrEqual(1.1 * dearest(0, 100));
});

test("threshold: the distance itself still counts, a little less does not", () => {
  const corpus = ["Ada lost a purse", "Ada lost a goat"];
  const { embed } = fitLexicalEmbedder(corpus);
  const distance = cosineDistance(embed(corpus[0] ?? ""), embed(corpus[1] ?? ""));
  const recalledUnder = (threshold: number) => {
    const { memory, recall } = memoryOver(corpus, threshold);
    memory.remember(corpus[0] ?? "", "give it back");
    return recall(memory, corpus[1] ?? "");
  };
  expect(recalledUnder(distance)).toEqual({ question: corpus[0], answer: "give it back", distance });
  expect(recalledUnder(distance - 1e-6)).toBeNull();
});

test("a repeated question keeps the newest answer; an empty answer is not remembered; an empty memory recalls nothing", () => {
  const { memory, recall } = memoryOver(["Ada lost a purse"], 0.3);
  expect(recall(memory, "Ada lost a purse")).toBeNull();
  memory.remember("Ada lost a purse", "old");
  memory.remember("Ada lost a purse", "new");
  memory.remember("Ada lost a purse", "");
  expect(memory.size).toBe(1);
  expect(recall(memory, "Ada lost a purse")).toMatchObject({ answer: "new", distance: 0 });
});

test("under a threshold of 1 something is always recalled, the newest when nothing is related", () => {
  const { memory, recall } = memoryOver(["Ada lost a purse", "broken mill", "river"], 1);
  memory.remember("Ada lost a purse", "first");
  memory.remember("broken mill", "second");
  expect(recall(memory, "river")).toMatchObject({ answer: "second", distance: 1 });
  expect(recall(memory, "a purse")).toMatchObject({ answer: "first" });
});

test("a question from outside the set joins the index and can be recalled", () => {
  const { memory, recall } = memoryOver(["Ada lost a purse"], 0.3);
  memory.remember("Who mended the roof of the barn?", "Ben did.");
  expect(recall(memory, "who mended the roof of the barn")).toMatchObject({ answer: "Ben did.", distance: 0 });
});
