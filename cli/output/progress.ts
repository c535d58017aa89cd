/** Progress of a job: one redrawn line on a terminal, a plain line every few seconds elsewhere. */
import type { ProgressEvent } from "../../core/contract/events.ts";
import { formatCount, formatDuration, formatNumber, formatRate } from "./format.ts";
import { clip } from "./table.ts";

/** What progress is written to: a terminal's or a file's stream, with its facts as arguments. */
export interface Screen {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Characters per line; read anew for every line, terminals are resized. */
  columns(): number;
  /** Seconds on a clock that only moves forward. */
  now(): number;
}

/** Redraws per second on a terminal: enough to look alive, little enough to cost nothing. */
const redrawSeconds = 0.1;
/** Between two plain lines where nobody can redraw. */
const plainSeconds = 5;

/** `society       [██████░░░░]  60 %  38/64 interactions  3.4 interactions/s  8 s left  812 tokens/s` */
export function progressText(event: ProgressEvent, columns: number): string {
  const parts = [event.stage.padEnd(14)];
  if (event.total !== null && event.total > 0) {
    const share = Math.min(1, event.done / event.total);
    parts.push(bar(share, 16), `${String(Math.floor(share * 100)).padStart(3)} %`);
  }
  const total = event.total === null ? "" : `/${formatCount(event.total)}`;
  parts.push(`${formatCount(event.done)}${total} ${event.unit}`);
  if (event.rate !== null) parts.push(formatRate(event.rate, event.unit));
  if (event.secondsLeft !== null && event.done !== event.total) parts.push(`${formatDuration(event.secondsLeft)} left`);
  if (event.loss !== undefined) parts.push(`last step's loss ${formatNumber(event.loss)}`);
  if (event.tokensPerSecond !== undefined) parts.push(formatRate(event.tokensPerSecond, "tokens"));
  if (event.note !== undefined) parts.push(event.note);
  return clip(parts.join("  "), columns);
}

function bar(share: number, width: number): string {
  const full = Math.round(share * width);
  return `[${"█".repeat(full)}${"░".repeat(width - full)}]`;
}

export class ProgressWriter {
  readonly #screen: Screen;
  #lastWrite = Number.NEGATIVE_INFINITY;
  #drawn: ProgressEvent | null = null;
  #pending: ProgressEvent | null = null;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Shows the event now, or keeps it as the latest until it is time; a new stage and the last unit show at once. */
  show(event: ProgressEvent): void {
    if (this.#pending !== null && this.#pending.stage !== event.stage) this.finish();
    this.#pending = event;
    const wait = this.#screen.isTerminal ? redrawSeconds : plainSeconds;
    if (this.#screen.now() - this.#lastWrite >= wait || event.done === event.total) this.#flush();
  }

  /** Writes a line of text without tearing the progress line. */
  line(text: string): void {
    if (this.#screen.isTerminal && this.#drawn !== null) this.#screen.write("\r\x1b[2K");
    this.#screen.write(`${text}\n`);
    if (this.#screen.isTerminal && this.#drawn !== null) this.#draw(this.#drawn);
  }

  /** Leaves the last state standing and goes to a new line. */
  finish(): void {
    if (this.#pending !== this.#drawn) this.#flush();
    if (this.#screen.isTerminal && this.#drawn !== null) this.#screen.write("\n");
    this.#drawn = null;
    this.#pending = null;
    this.#lastWrite = Number.NEGATIVE_INFINITY;
  }

  #flush(): void {
    if (this.#pending === null || this.#pending === this.#drawn) return;
    this.#drawn = this.#pending;
    this.#lastWrite = this.#screen.now();
    this.#draw(this.#drawn);
  }

  #draw(event: ProgressEvent): void {
    // One column stays free: a full line makes some terminals wrap, and a wrapped line cannot be redrawn.
    if (this.#screen.isTerminal) this.#screen.write(`\r\x1b[2K${progressText(event, this.#screen.columns() - 1)}`);
    else this.#screen.write(`${progressText(event, 200)}\n`);
  }
}
