/** What a connection needs of a line, whatever it runs over. */
import type { ClientLink } from "@orpc/client";

/** An open line. */
export interface Line {
  readonly link: ClientLink<Record<never, never>>;
  /** Settles when the line is gone, whoever ended it. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Opens one line; rejects when that fails or `signal` aborts. */
export type OpenLine = (signal: AbortSignal) => Promise<Line>;
