/** events.jsonl: what happened in a run, for those who look later. Progress is left out; records are named, not repeated. */
import { type EmitEvent, type EventLine, eventLine, type JobEvent } from "../contract/events.ts";
import type { RunDirectory } from "./runDirectory.ts";

export interface EventLog extends AsyncDisposable {
  /** Passes an event on and writes it. */
  readonly emit: EmitEvent;
}

/**
 * Opens the run's event log in front of `emit`. An event that cannot be written is lost: what a run cannot do without
 * stands in its other journals, whose failures end it. Disposal waits for what is being written.
 */
export async function openEventLog(run: Pick<RunDirectory, "journal">, emit: EmitEvent): Promise<EventLog> {
  const journal = await run.journal("events", eventLine);
  let written: Promise<void> = Promise.resolve();
  return {
    emit: (event) => {
      emit(event);
      if (event.type !== "progress") written = journal.append([lineOf(event)]).catch(() => undefined);
    },
    [Symbol.asyncDispose]: () => written,
  };
}

/** The last line of a run that came to its end: what it came to. A run that goes on writes further lines after it. */
export async function recordFinished(
  run: Pick<RunDirectory, "journal">,
  result: Record<string, unknown>,
): Promise<void> {
  const journal = await run.journal("events", eventLine);
  // Lost like any other event when the disk is full; the result itself stands in the run's other files.
  await journal.append([{ type: "finished", result }]).catch(() => undefined);
}

function lineOf(event: JobEvent): EventLine {
  if (event.type !== "interaction") return event;
  const { type, record, seconds, completionTokens } = event;
  return { type, id: record.id, seconds, completionTokens };
}
