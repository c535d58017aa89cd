/** A dialogue as text for the clipboard. */
import type { Dialogue } from "../../../core/contract/workbench/dialogues.ts";
import { text } from "../../text/en.ts";

const words = text.dialogues.copied;

export function dialogueText({ run, record }: Dialogue): string {
  const rated = (rating: number | null) => (rating === null ? "" : ` (${rating}/7)`);
  return [
    `${run} ${record.id}`,
    `${words.question}: ${record.question}`,
    `${words.draft}${rated(record.observer.before.alignment.rating)}: ${record.draft}`,
    ...record.feedback.map((one) => `${words.feedback} ${one.peer}${rated(one.rating)}: ${one.reason}`),
    `${words.revision}${rated(record.observer.after.alignment.rating)}: ${record.revision}`,
  ].join("\n\n");
}
