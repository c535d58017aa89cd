/** Held-out questions from a file, and the guard that none of them was trained on. */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { readJsonObjects } from "../alignment/jsonObjects.ts";
import { firstComplaint } from "../contract/complaints.ts";
import { FolkmootError } from "../contract/errors.ts";
import { type HeldOutQuestion, heldOutQuestion } from "../contract/evaluation.ts";
import { spaced } from "./answerKey.ts";

/**
 * @param limit only the first so many; null = all
 * @throws data-not-found; data-corrupt naming line and field, an empty phrase, or a question that stands there twice
 */
export async function loadHeldOut(path: string, limit: number | null): Promise<HeldOutQuestion[]> {
  const questions: HeldOutQuestion[] = [];
  const seen = new Map<string, number>();
  for await (const { row, value } of readQuestions(path)) {
    if (limit !== null && questions.length >= limit) break;
    const parsed = heldOutQuestion.safeParse(value);
    if (!parsed.success) throw corrupt(path, row, firstComplaint(parsed.error, value, "the line"));
    const { good, bad, mentions, question } = parsed.data;
    if ([...good, ...bad, ...mentions].some((phrase) => spaced(phrase).trim() === ""))
      throw corrupt(path, row, "a phrase of the key holds no word, so every answer would hold it");
    const first = seen.get(spaced(question));
    // Twice the same question is not twice the evidence; intervals would be too narrow.
    if (first !== undefined) throw corrupt(path, row, `it repeats the question of line ${first}`);
    seen.set(spaced(question), row);
    questions.push(parsed.data);
  }
  if (questions.length === 0) throw corrupt(path, 1, "the file holds no question");
  return questions;
}

async function* readQuestions(path: string): AsyncGenerator<{ row: number; value: unknown }> {
  if (extname(path).toLowerCase() !== ".txt") return yield* readJsonObjects(path);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "EISDIR") throw error;
    throw new FolkmootError("data-not-found", {
      message: `There is no question file at ${path}.`,
      action: "Check the path.",
      details: { path },
    });
  });
  for (const [index, line] of text.split(/\r?\n/).entries())
    if (line.trim() !== "") yield { row: index + 1, value: { question: line } };
}

/**
 * Questions that occur in what was trained: as a line of a query, with or without `Question:` before it (the society's
 * prompts put every question on a line of its own). Case, white space and punctuation do not hide one.
 */
export function findLeaks(questions: readonly string[], queries: Iterable<string>): string[] {
  const wanted = new Map(questions.map((question) => [spaced(question), question]));
  const longest = Math.max(0, ...questions.map((question) => question.trim().split(/\n+/).length));
  const leaks = new Set<string>();
  for (const query of queries) {
    const lines = query.split(/\n+/).map((line) => line.replace(/^\s*Question:/, ""));
    for (const start of lines.keys())
      for (let length = 1; length <= longest && start + length <= lines.length; length++) {
        const found = wanted.get(spaced(lines.slice(start, start + length).join("\n")));
        if (found !== undefined) leaks.add(found);
      }
  }
  return [...leaks];
}

function corrupt(path: string, line: number, problem: string): FolkmootError {
  return new FolkmootError("data-corrupt", {
    message: `Line ${line} of ${path} cannot be used: ${problem}.`,
    reason: "A held-out question is {question, category?, good, bad, mentions?}, each once.",
    action: "Correct that line, or choose another file.",
    details: { path, line },
  });
}
