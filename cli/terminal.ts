/**
 * What a command says, and where: results on stdout, progress and words on stderr. With `--json` stdout carries one
 * JSON object and nothing else; with `--json-events` one event per line, the result last.
 */

import { type FolkmootError, toFolkmootError } from "../core/contract/errors.ts";
import type { JobEvent } from "../core/contract/events.ts";
import { deviceText } from "../core/models/llama/computeDevice.ts";
import { errorText } from "./output/errorText.ts";
import { formatNumber, formatShare } from "./output/format.ts";
import { ProgressWriter, type Screen } from "./output/progress.ts";

export type OutputMode = "text" | "json" | "json-events";

export interface Output {
  write(text: string): void;
}

export class Terminal {
  readonly mode: OutputMode;
  readonly #stdout: Output;
  readonly #progress: ProgressWriter;

  constructor(mode: OutputMode, stdout: Output, screen: Screen) {
    this.mode = mode;
    this.#stdout = stdout;
    this.#progress = new ProgressWriter(screen);
  }

  /** Words for a person while the work runs; never part of the result. */
  line(text: string): void {
    this.#progress.line(text);
  }

  /** Shows a job's event: progress is redrawn, rounds and warnings get a line, the rest is for machines. */
  event(event: JobEvent): void {
    if (this.mode === "json-events" && event.type !== "finished") this.#stdout.write(`${JSON.stringify(event)}\n`);
    if (event.type === "progress") this.#progress.show(event);
    else {
      const text = eventText(event);
      if (text !== null) this.#progress.line(text);
    }
  }

  /** Ends the progress line, so that what follows starts on a line of its own. */
  endProgress(): void {
    this.#progress.finish();
  }

  /** The one result of a command. */
  result(value: object, text: string): void {
    this.#progress.finish();
    if (this.mode === "text") this.#stdout.write(`${text}\n`);
    else if (this.mode === "json") this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    else this.#stdout.write(`${JSON.stringify({ type: "result", result: value })}\n`);
  }

  /** One object on one line of stdout, now: for programs that start a command and read what it says line by line. */
  jsonLine(value: object): void {
    this.#stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** Says what happened; machines get it on stdout too, in place of the result. Returns the error as one of ours. */
  error(thrown: unknown, diagnostics: boolean): FolkmootError {
    const error = toFolkmootError(thrown);
    this.#progress.finish();
    this.#progress.line(errorText(error, diagnostics));
    if (this.mode === "json") this.#stdout.write(`${JSON.stringify({ error }, null, 2)}\n`);
    if (this.mode === "json-events") this.#stdout.write(`${JSON.stringify({ type: "error", error })}\n`);
    return error;
  }
}

function eventText(event: JobEvent): string | null {
  switch (event.type) {
    case "started":
      return `${event.resumed ? "Resumed" : "Started"} run ${event.run} in ${event.directory}`;
    case "round":
      return [
        `Round ${event.round}: alignment ${formatNumber(event.alignment)}, engagement ${formatNumber(event.engagement)}`,
        `memory recalled for ${formatShare(event.recallShare)}`,
        ...(event.unparsedRatings > 0 ? [`${event.unparsedRatings} ratings could not be read`] : []),
      ].join(", ");
    case "evaluation":
      return `Held-out rows at step ${event.step}: loss ${formatNumber(event.loss)}, better answer preferred ${formatShare(event.accuracy)}`;
    case "device":
      return deviceText(event);
    case "notice":
      return event.message;
    case "warning":
      return `Note: ${event.message}`;
    case "paused":
      return "Paused between two steps.";
    case "resumed":
      return "Going on.";
    case "progress":
    case "interaction":
    case "metrics":
    case "finished":
      return null;
  }
}
