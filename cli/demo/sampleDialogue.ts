/** One interaction as a dialogue for the terminal: question, draft, harshest feedback, revision. Pure. */
import type { InteractionRecord, RatedReason } from "../../core/contract/interaction.ts";
import { wrapText } from "../output/table.ts";

/**
 * The interaction that shows best what the method does: the observer's score rose most, then the harshest feedback,
 * then the earliest. Null without records.
 */
export function mostTelling(records: Iterable<InteractionRecord>): InteractionRecord | null {
  let best: InteractionRecord | null = null;
  for (const record of records) if (best === null || tellingness(record) > tellingness(best)) best = record;
  return best;
}

function tellingness(record: InteractionRecord): number {
  const before = record.observer.before.alignment.rating ?? 0;
  const after = record.observer.after.alignment.rating ?? 0;
  const harshest = record.feedback.at(-1)?.rating ?? 7;
  return (after - before) * 10 - harshest;
}

export function dialogueText(record: InteractionRecord, width: number): string {
  const { agent, observer } = record;
  const harshest = record.feedback.at(-1);
  const lines: [string, string][] = [
    ["Question", record.question],
    [`Agent ${agent.id} drafts`, `${record.draft}${scored(observer.before.alignment)}`],
    ...(harshest === undefined
      ? []
      : [[`Agent ${harshest.peer} objects`, `${harshest.reason}${scored(harshest)}`] satisfies [string, string]]),
    [`Agent ${agent.id} revises`, `${record.revision}${scored(observer.after.alignment)}`],
  ];
  const hang = Math.max(...lines.map(([who]) => who.length)) + 4;
  return lines.map(([who, text]) => wrapLine(who, text, width, hang)).join("\n");
}

function wrapLine(who: string, text: string, width: number, hang: number): string {
  const gap = " ".repeat(hang);
  return `  ${who.padEnd(hang - 2)}${wrapText(text, width - hang).replaceAll("\n", `\n${gap}`)}`;
}

function scored({ rating }: RatedReason): string {
  return rating === null ? "  [no rating]" : `  [${rating} of 7]`;
}
