/** What every command gets: the terminal it speaks to, the workbench it works with, and the signal that stops it. */
import type { ContractRouterClient } from "@orpc/contract";
import { FolkmootError, toFolkmootError } from "../core/contract/errors.ts";
import type { JobEvent } from "../core/contract/events.ts";
import type { EngineContract, TrainerContract } from "../core/contract/jobs.ts";
import { type SettlingHost, settle } from "../core/host/settle.ts";
import type { Terminal } from "./terminal.ts";

/** The host processes, started when first asked for. */
export interface Workbench {
  engine(): Promise<ContractRouterClient<EngineContract>>;
  trainer(): Promise<ContractRouterClient<TrainerContract>>;
  /** Ends the engine's or the trainer's process and frees its memory; a later call starts a fresh one. */
  release(): Promise<void>;
}

export interface CommandContext {
  readonly terminal: Terminal;
  readonly workbench: Workbench;
  readonly signal: AbortSignal;
  /** Folder that relative paths start from. */
  readonly workingFolder: string;
  /** Seconds on a clock that only moves forward. */
  now(): number;
}

/**
 * Follows a job to its end, showing every event; one that was stopped has ended only when what it keeps is on the disk.
 * @param watch sees every event as well, after it was shown
 * @returns what the job's `finished` event carries
 */
export async function followJob<Host extends SettlingHost>(
  { terminal, signal }: CommandContext,
  host: Host,
  start: (host: Host, options: { signal: AbortSignal }) => Promise<AsyncIterable<JobEvent>>,
  watch: (event: JobEvent) => void = () => {},
): Promise<Record<string, unknown>> {
  let result: Record<string, unknown> | null = null;
  try {
    for await (const event of await start(host, { signal })) {
      terminal.event(event);
      watch(event);
      if (event.type === "finished") result = event.result;
    }
    terminal.endProgress();
    signal.throwIfAborted();
  } catch (thrown) {
    if (signal.aborted && toFolkmootError(thrown).code === "cancelled") await settle(host);
    throw thrown;
  }
  if (result === null)
    throw new FolkmootError("internal", {
      message: "A job ended without saying how.",
      reason: "This is a fault of the program, not of your input.",
      action: "Run the same command again: it resumes; report it if it happens twice.",
    });
  return result;
}
