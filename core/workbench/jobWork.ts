/** What a host says while it works on a run, as live events. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { FolkmootError, toFolkmootError } from "../contract/errors.ts";
import type { JobEvent } from "../contract/events.ts";
import type { LiveEvent } from "../contract/workbench/runs.ts";
import { type SettlingHost, settle } from "../host/settle.ts";
import { deviceText } from "../models/llama/computeDevice.ts";
import { briefOf } from "../workspace/interactions/columns.ts";
import type { JobContext } from "./job.ts";

export interface FollowedJob<Host extends SettlingHost> {
  readonly host: Host;
  readonly start: (host: Host, options: { signal: AbortSignal }) => Promise<AsyncIterable<JobEvent>>;
  /** Sees every event before the faces do. */
  readonly onEvent?: (event: JobEvent) => void;
}

/**
 * Follows a job of a host to its end; one that was stopped has ended only when what it keeps is on the disk.
 * @throws FolkmootError what the job failed with, also after it was stopped; `device-busy` when it does not end in
 *   time; `cancelled`, or the signal's reason, when it was stopped and all is well
 */
export async function followJob<Host extends SettlingHost>(
  { push, signal }: Pick<JobContext, "push" | "signal">,
  { host, start, onEvent = () => {} }: FollowedJob<Host>,
): Promise<Record<string, unknown>> {
  let result: Record<string, unknown> | null = null;
  try {
    for await (const event of await start(host, { signal })) {
      onEvent(event);
      if (event.type === "finished") result = event.result;
      else {
        const live = liveEventOf(event);
        if (live !== null) push(live);
      }
    }
    signal.throwIfAborted();
  } catch (thrown) {
    if (signal.aborted && toFolkmootError(thrown).code === "cancelled") await settle(host);
    throw thrown;
  }
  if (result !== null) return result;
  throw new FolkmootError("internal", {
    message: "A job ended without saying how.",
    reason: "This is a fault of the program, not of your input.",
    action: "Resume it; report it if it happens twice.",
  });
}

function liveEventOf(event: Exclude<JobEvent, { type: "finished" }>): LiveEvent | null {
  switch (event.type) {
    case "started":
      return event.resumed ? { type: "notice", message: "The run goes on from what is on the disk." } : null;
    case "device":
      return event.gpuLayers === null ? null : { type: "notice", message: `${deviceText(event)}.` };
    case "interaction":
      return { type: "interaction", interaction: briefOf(event.record, event.seconds) };
    case "notice":
    case "warning":
      return { type: event.type, message: event.message };
    case "progress":
    case "round":
    case "metrics":
    case "evaluation":
      return event;
    case "paused":
    case "resumed":
      // A state of the job, not a line of its live feed.
      return null;
  }
}

const checkpointFolder = /^step-(\d{8,})$/;

/** Finished checkpoints of a run by step, oldest first: whole folders by their name; what is in them is not read. */
export async function checkpointSteps(
  directory: string,
  kind: "checkpoints" | "best" = "checkpoints",
): Promise<{ step: number; at: number }[]> {
  const folder = join(directory, kind);
  const names = await readdir(folder).catch(() => []);
  const steps = names.flatMap((name) => {
    const step = checkpointFolder.exec(name)?.[1];
    return step === undefined ? [] : [{ name, step: Number(step) }];
  });
  const found = await Promise.all(
    steps.map(async ({ name, step }) => ({
      step,
      at: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0,
    })),
  );
  return found.sort((a, b) => a.step - b.step);
}
