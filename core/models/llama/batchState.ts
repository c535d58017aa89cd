/** What the batching strategy of a context looks at; made before the context, filled by its owner. */
import { type BatchRules, batchStrategy, type Phase } from "./batching.ts";
import { sequenceId } from "./internals.ts";
import type { Slot } from "./slot.ts";

export class BatchState {
  rules: BatchRules;
  phase: Phase = "prompt";
  /** By ticket. */
  slots: readonly Slot[] = [];

  constructor(rules: BatchRules) {
    this.rules = rules;
  }

  strategy() {
    return batchStrategy(
      () => this.rules,
      () => this.phase,
      (item) => {
        const slot = this.slots[item.evaluationPriority];
        return slot === undefined ? item.evaluationPriority : sequenceId(slot.sequence);
      },
    );
  }
}
