/** What a dropped file is, by its name and its first entry. Pure. */

/**
 * - `model`: a GGUF, a model or an adapter
 * - `data`: alignment rows, ours or published
 * - `questions`: for a society; `heldOut` has a key as well, for an evaluation
 * - `prior`: what agents remember before the first round
 */
export type FileKind = "model" | "data" | "questions" | "heldOut" | "prior" | "folder" | "unknown";

/** Bytes of a file that are looked at; the first entry of any of ours is far smaller. */
export const headBytes = 65_536;

/** Endings whose first entry must be looked at. */
const structured = [".json", ".jsonl"];
const lists = [".txt", ".csv"];

export function needsHead(name: string): boolean {
  return structured.includes(endingOf(name));
}

/** @param head the first `headBytes` as text, where `needsHead` */
export function kindOf(name: string, head: string): FileKind {
  const ending = endingOf(name);
  if (ending === ".gguf") return "model";
  if (lists.includes(ending)) return "questions";
  if (!structured.includes(ending)) return "unknown";
  const entry = firstObject(head);
  if (entry === null) return "unknown";
  if (Array.isArray(entry.responses) && Array.isArray(entry.scores)) return "data";
  if (typeof entry.question !== "string") return "unknown";
  if (typeof entry.response === "string" && "morality_label" in entry) return "prior";
  return ["good", "bad", "mentions"].some((key) => key in entry) ? "heldOut" : "questions";
}

/** The first object of JSON lines or of a JSON list; null where none begins, or none ends within the text. */
function firstObject(text: string): Record<string, unknown> | null {
  const start = text.search(/\S/);
  const opening = text[start] === "[" ? text.slice(start + 1).search(/\S/) + start + 1 : start;
  if (text[opening] !== "{") return null;
  const end = endOfObject(text, opening);
  if (end === null) return null;
  try {
    return JSON.parse(text.slice(opening, end)) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** Behind the brace that closes the one at `start`. */
function endOfObject(text: string, start: number): number | null {
  let [depth, quoted] = [0, false];
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (quoted && character === "\\") at++;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at + 1;
  }
  return null;
}

function endingOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot).toLowerCase();
}
