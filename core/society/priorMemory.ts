/** What agents bring along: labelled question-answer pairs from before the run (reference utils.py:141). */
import { z } from "zod";
import type { AgentIdentity } from "../contract/interaction.ts";
import { randomStream } from "../random.ts";
import { corruptText, parseJsonLines, parseWith, readTextFile } from "./textFile.ts";

const priorLine = z.object({
  question: z.string().min(1),
  response: z.string().min(1),
  morality_label: z.enum(["good", "bad"]),
});

export interface PriorPair {
  readonly question: string;
  readonly answer: string;
}

export type PriorPairs = Readonly<Record<AgentIdentity["label"], readonly PriorPair[]>>;

export const noPriorPairs: PriorPairs = { good: [], bad: [] };

/** A question that already holds a dialogue in the notation of HH-RLHF; agents answer single questions. */
const laterTurn = /^\s*Assistant:/m;

/**
 * Pairs by label from a JSON array or JSON lines of `{question, response, morality_label}`; dialogues of several turns
 * are left out (reference utils.py: one-turn only).
 * @throws FolkmootError `data-not-found`; `data-corrupt` naming the entry.
 */
export async function loadPriorPairs(path: string): Promise<PriorPairs> {
  const text = await readTextFile(path);
  const lines = text.trimStart().startsWith("[")
    ? parseArray(path, text)
    : parseJsonLines<z.infer<typeof priorLine>>(path, text, priorLine);
  const pairs = (label: AgentIdentity["label"]) =>
    lines
      .filter((line) => line.morality_label === label && !laterTurn.test(line.question))
      .map(({ question, response }) => ({ question: question.trim(), answer: response.trim() }));
  return { good: pairs("good"), bad: pairs("bad") };
}

/** The `count` pairs that agent `id` brings along, drawn from those of its label. */
export function priorPairsOf(
  pairs: PriorPairs,
  agent: { id: number; label: AgentIdentity["label"] },
  { seed, count }: { seed: number; count: number },
): PriorPair[] {
  return randomStream(seed, "prior", agent.id).sample(pairs[agent.label], count);
}

function parseArray(path: string, text: string): z.infer<typeof priorLine>[] {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    throw corruptText(path, null, "it is not JSON");
  }
  if (!Array.isArray(values)) throw corruptText(path, null, "it is not an array");
  return values.map((value, i) => parseWith(path, priorLine, value, i + 1));
}
