/** Compute threads: no more than there are cores. With more, they wait for each other spinning, a hundred times slower. */
import { availableParallelism } from "node:os";
import type { EmitEvent } from "../contract/events.ts";

/** @param asked 0 (as many as there are cores) stays 0 */
export function usableThreads(asked: number, cores = availableParallelism()): number {
  return Math.min(asked, cores);
}

/** Says so where it computes with fewer threads than were asked for. */
export function tellThreads(asked: number, emit: EmitEvent, cores = availableParallelism()): void {
  const threads = usableThreads(asked, cores);
  if (threads === asked) return;
  const message = `${asked} threads were asked for, and this machine has ${cores} ${cores === 1 ? "core" : "cores"}: it computes with ${threads}.`;
  emit({ type: "warning", message, details: { asked, threads } });
}
