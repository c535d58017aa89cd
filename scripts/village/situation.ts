import type { ThingKind } from "./peopleAndThings.ts";

/**
 * An everyday dilemma. `{person}` and `{thing}` are slots. Answers are clauses that follow an opener such as
 * "You should"; the words between asterisks are the key phrases by which an answer is known to be good or bad.
 * Every clause names the person and the thing.
 */
export interface Situation {
  readonly id: string;
  readonly category: "honesty" | "fairness" | "care" | "respect";
  readonly things: ThingKind;
  readonly questions: readonly string[];
  readonly good: readonly string[];
  readonly bad: readonly string[];
}
