/** The question set and who is asked what in which round. */
import { extname } from "node:path";
import { z } from "zod";
import { FolkmootError } from "../contract/errors.ts";
import type { SocietyConfig } from "../contract/society.ts";
import { randomStream } from "../random.ts";
import { parseCsv } from "./csv.ts";
import { corruptText, parseJsonLines, readTextFile } from "./textFile.ts";

const questionLine = z.object({ question: z.string() });

/**
 * Questions of a file in its order, trimmed, empty ones left out: `.txt` one a line; `.jsonl` and `.csv` with a field
 * `question`.
 * @throws FolkmootError `data-not-found`; `data-corrupt` naming the line; `bad-setting` for another ending or no question.
 */
export async function loadQuestions(path: string): Promise<string[]> {
  const questions = parseQuestions(path, await readTextFile(path))
    .map((question) => question.trim())
    .filter((question) => question !== "");
  if (questions.length > 0) return questions;
  throw new FolkmootError("bad-setting", {
    message: `questions.path: ${path} holds no question.`,
    action: "Choose a file with at least one question.",
    details: { setting: "questions.path", path },
  });
}

/** A fixed plan: `at(round, agent)` is the question that the agent is asked. */
export interface QuestionPlan {
  at(round: number, agent: number): string;
}

/**
 * Deals the questions out, agent by agent and round by round, and starts over when all were asked. Shuffled: every
 * pass in an order of its own.
 */
export function planQuestions(
  questions: readonly string[],
  { seed, agents, order }: { seed: number; agents: number; order: SocietyConfig["questions"]["order"] },
): QuestionPlan {
  const passes = new Map<number, readonly string[]>();
  const passAt = (pass: number): readonly string[] => {
    if (order === "given") return questions;
    const known = passes.get(pass);
    if (known !== undefined) return known;
    const shuffled = randomStream(seed, "questions", pass).shuffle(questions);
    // A round touches at most the passes it spans; older ones are not asked for again.
    if (passes.size > 2 + Math.ceil(agents / questions.length)) passes.clear();
    passes.set(pass, shuffled);
    return shuffled;
  };
  return {
    at(round, agent) {
      const position = (round - 1) * agents + agent;
      return passAt(Math.floor(position / questions.length))[position % questions.length] ?? "";
    },
  };
}

function parseQuestions(path: string, text: string): string[] {
  switch (extname(path).toLowerCase()) {
    case ".txt":
      return text.split(/\r?\n/);
    case ".jsonl":
      return parseJsonLines(path, text, questionLine).map(({ question }) => question);
    case ".csv":
      return questionColumn(path, text);
    default:
      throw new FolkmootError("bad-setting", {
        message: `questions.path: ${path} is none of txt, jsonl, csv.`,
        action: "Choose a text file with one question a line, or jsonl or csv with a field named question.",
        details: { setting: "questions.path", path },
      });
  }
}

function questionColumn(path: string, text: string): string[] {
  const rows = parseCsv(text);
  if (rows === undefined) throw corruptText(path, null, "a quotation mark is left open");
  const column = (rows[0] ?? []).findIndex((name) => name.trim().toLowerCase() === "question");
  if (column === -1) throw corruptText(path, 1, "the first line names no column question");
  return rows.slice(1).map((row, i) => {
    const question = row[column];
    if (question === undefined) throw corruptText(path, i + 2, "the column question is missing");
    return question;
  });
}
