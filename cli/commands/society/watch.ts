/** What a society's events add up to while somebody watches. Durations are not in the records. */
import type { JobEvent } from "../../../core/contract/events.ts";

export interface SocietyFigures {
  /** Interactions made while this watched; a resumed run has earlier ones besides. */
  readonly interactions: number;
  readonly seconds: number;
  /** Generated tokens per second of wall time; null when nothing was generated. */
  readonly tokensPerSecond: number | null;
}

export interface SocietyWatch {
  event(event: JobEvent): void;
  figures(): SocietyFigures;
}

/** @param now seconds on a clock that only moves forward */
export function watchSociety(now: () => number): SocietyWatch {
  const start = now();
  let interactions = 0;
  let tokens = 0;
  return {
    event(event) {
      if (event.type !== "interaction") return;
      interactions += 1;
      tokens += event.completionTokens;
    },
    figures() {
      const seconds = now() - start;
      return { interactions, seconds, tokensPerSecond: tokens === 0 ? null : tokens / seconds };
    },
  };
}
