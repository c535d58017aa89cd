/**
 * The few inner parts of node-llama-cpp 3.22.1 (pinned) that this engine needs: a sequence's id, copying a state to
 * another sequence, and exchanging the ids of two sequences. Its public ways for the second are files on disk (as fast
 * only on a RAM disk), for the third there is none. Where a part is missing, callers do without.
 */
import type { LlamaContext, LlamaContextSequence } from "node-llama-cpp";

interface InnerSequence {
  _sequenceId: number;
  _copyStateFromOtherSequence(source: LlamaContextSequence, upToTokenIndex: number): Promise<boolean>;
}

interface InnerContext {
  readonly _ctx: {
    copySequenceStateFromOtherSequence(target: number, source: number): Promise<number>;
    disposeSequence(id: number): void;
  };
}

const innerSequence = (sequence: LlamaContextSequence) => sequence as unknown as InnerSequence;
const innerContext = (context: LlamaContext) => context as unknown as InnerContext;

/** Whether this release has the parts. */
export function canMoveStates(context: LlamaContext, sequence: LlamaContextSequence): boolean {
  return (
    typeof innerSequence(sequence)._sequenceId === "number" &&
    typeof innerSequence(sequence)._copyStateFromOtherSequence === "function" &&
    typeof innerContext(context)._ctx?.copySequenceStateFromOtherSequence === "function" &&
    typeof innerContext(context)._ctx?.disposeSequence === "function" &&
    // Recurrent and hybrid models cannot cut a state back to a prefix.
    !sequence.needsCheckpoints
  );
}

export function sequenceId(sequence: LlamaContextSequence): number {
  return innerSequence(sequence)._sequenceId;
}

/** Makes `target` hold the first `length` tokens of `source`. False when it could not; `target` then needs clearing. */
export function copyPrefix(
  target: LlamaContextSequence,
  source: LlamaContextSequence,
  length: number,
): Promise<boolean> {
  return innerSequence(target)._copyStateFromOtherSequence(source, length);
}

/**
 * Moves the state of `live` to the id of `free` and gives `free` (which must be empty, see `clearHistory`) the other
 * id. Only while nothing is being evaluated.
 */
export async function exchangeIds(
  context: LlamaContext,
  live: LlamaContextSequence,
  free: LlamaContextSequence,
): Promise<void> {
  const [from, to] = [sequenceId(live), sequenceId(free)];
  const { _ctx } = innerContext(context);
  await _ctx.copySequenceStateFromOtherSequence(to, from);
  _ctx.disposeSequence(from);
  innerSequence(live)._sequenceId = to;
  innerSequence(free)._sequenceId = from;
}
