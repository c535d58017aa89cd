/** Vocabularies that a form counts with: few stay open, none is closed under somebody's work. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { Vocabularies } from "../../../core/host/vocabularies.ts";
import type { VocabularyTokenizer } from "../../../core/models/llama/tokenizer.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

/** One token a letter; a closed one refuses, as node-llama-cpp does. */
function openings(before: (model: string) => Promise<void> = async () => {}) {
  const [opened, closed]: [string[], string[]] = [[], []];
  const open = async (model: string): Promise<VocabularyTokenizer> => {
    opened.push(model);
    await before(model);
    let isDisposed = false;
    const tokenize = (text: string) => {
      if (isDisposed) throw new Error("the model is disposed");
      return [...text].map((letter) => letter.charCodeAt(0));
    };
    const dispose = async () => {
      isDisposed = true;
      closed.push(model);
    };
    return {
      ...{ tokenize, tokenizeContinuation: tokenize, detokenize: () => "", bos: null, eos: 2, vocabulary: 300 },
      ...{ dispose, [Symbol.asyncDispose]: dispose },
    };
  };
  return { opened, closed, open };
}

it("the last two stay open, and are not read again", async () => {
  const { opened, closed, open } = openings();
  const vocabularies = new Vocabularies(open);
  for (const model of ["/a", "/b", "/a", "/c", "/a", "/b"])
    expect(await vocabularies.count(model, [["why?", "so"]])).toEqual({ counts: [[4, 2]], bos: false });
  expect(opened).toEqual(["/a", "/b", "/c", "/b"]);
  expect(closed).toEqual(["/b", "/c"]);
});

it("one that counts long rows is not closed by others that are asked for meanwhile, and is closed after", async () => {
  const folder = await temporaryFolder();
  const data = join(folder, "rows.json");
  const rows = Array.from({ length: 3000 }, (_, i) => ({ query: `q${i}`, responses: ["yes", "no"], scores: [6, 1] }));
  await writeFile(data, JSON.stringify(rows));
  const { closed, open } = openings();
  const vocabularies = new Vocabularies(open);
  const counting = vocabularies.rowSizes(alignConfig.parse({ model: "/a", data, evaluationShare: 0 }), undefined);
  for (const model of ["/b", "/c", "/d"]) await vocabularies.count(model, [["x"]]);
  expect(closed).toEqual(["/b"]);
  expect((await counting).training).toHaveLength(3000);
  await vocabularies.count("/d", [["x"]]);
  expect(closed).toEqual(["/b", "/a"]);
});

it("one that could not be read is read again", async () => {
  const fails = [true, false];
  const { opened, open } = openings(async () => {
    if (fails.shift()) throw new Error("no such file");
  });
  const vocabularies = new Vocabularies(open);
  await expect(vocabularies.count("/a", [["x"]])).rejects.toThrow("no such file");
  expect(await vocabularies.count("/a", [["x"]])).toMatchObject({ counts: [[1]] });
  expect(opened).toEqual(["/a", "/a"]);
});
