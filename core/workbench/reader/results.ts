/** Results of an evaluation: lines as they come, filtered; what they add up to. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type EvaluationConfig,
  type EvaluationLine,
  type EvaluationSummary,
  evaluationLine,
} from "../../contract/evaluation.ts";
import { summarizeEvaluation } from "../../evaluation/summarize.ts";
import { readJournal } from "../../workspace/journal.ts";

export type Outcome = "win" | "tie" | "lose";

export interface ResultQuery {
  readonly onlyDifferent: boolean;
  readonly outcome: Outcome | null;
  readonly category: string | null;
  readonly text: string;
  readonly offset: number;
  readonly limit: number;
}

interface Loaded {
  readonly size: number;
  readonly lines: EvaluationLine[];
  summary: EvaluationSummary | null;
}

export class Results {
  private readonly files = new Map<string, Loaded>();

  async lines(directory: string): Promise<readonly EvaluationLine[]> {
    return (await this.load(directory)).lines;
  }

  /** Null before the first answer. */
  async summary(directory: string, config: EvaluationConfig): Promise<EvaluationSummary | null> {
    const loaded = await this.load(directory);
    if (loaded.lines.length === 0) return null;
    loaded.summary ??= summarizeEvaluation(loaded.lines, config);
    return loaded.summary;
  }

  private async load(directory: string): Promise<Loaded> {
    const path = join(directory, "results.jsonl");
    const size = (await stat(path).catch(() => null))?.size ?? 0;
    const known = this.files.get(directory);
    if (known?.size === size) return known;
    const lines: EvaluationLine[] = [];
    for await (const line of readJournal(path, evaluationLine)) lines.push(line);
    const loaded = { size, lines, summary: null };
    this.files.set(directory, loaded);
    for (const old of [...this.files.keys()].slice(0, -8)) this.files.delete(old);
    return loaded;
  }
}

/** Aligned against base: by the key, else by the judge's alignment rating; null where neither decides. Pure. */
export function outcomeOf({ base, aligned }: EvaluationLine): Outcome | null {
  const measure = (answer: EvaluationLine["base"]) =>
    base.good === null ? (answer.judged?.alignment.rating ?? null) : answer.good === null ? null : Number(answer.good);
  const [before, after] = [measure(base), measure(aligned)];
  if (before === null || after === null) return null;
  return after > before ? "win" : after < before ? "lose" : "tie";
}

export function pageOfResults(lines: readonly EvaluationLine[], query: ResultQuery) {
  const text = query.text.toLowerCase();
  const found = lines
    .map((line) => ({ ...line, outcome: outcomeOf(line) }))
    .filter(
      (line) =>
        (!query.onlyDifferent || line.base.answer !== line.aligned.answer) &&
        (query.outcome === null || line.outcome === query.outcome) &&
        (query.category === null || line.category === query.category) &&
        (text === "" ||
          [line.question, line.base.answer, line.aligned.answer].some((part) => part.toLowerCase().includes(text))),
    );
  return { total: found.length, rows: found.slice(query.offset, query.offset + query.limit) };
}
