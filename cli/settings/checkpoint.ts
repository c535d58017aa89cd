/** `--checkpoint`: which of a run's checkpoints is meant. */
import { type CheckpointChoice, checkpointChoice } from "../../core/contract/jobs.ts";
import { badFlag } from "./flags.ts";

/** What commander's `option` takes. */
export const checkpointOption = [
  "--checkpoint <which>",
  "of the run: last, best (by the evaluation curve), or the number of a step that is kept",
  "last",
] as const;

/** @throws FolkmootError `bad-setting` */
export function readCheckpoint(text: string): CheckpointChoice {
  const choice = checkpointChoice.safeParse(/^\d+$/.test(text) ? Number(text) : text);
  if (choice.success) return choice.data;
  throw badFlag("--checkpoint", `"${text}" is neither last nor best nor the number of a step`);
}
