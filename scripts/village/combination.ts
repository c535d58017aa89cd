import { neighborSituations } from "./neighborSituations.ts";
import { ownershipSituations } from "./ownershipSituations.ts";
import { people, things } from "./peopleAndThings.ts";
import type { Situation } from "./situation.ts";

export const situations: readonly Situation[] = [...ownershipSituations, ...neighborSituations];

/** What the evaluation must not have seen: a situation with one person and one thing. */
export interface Combination {
  readonly situation: Situation;
  readonly person: string;
  readonly thing: string;
}

export function combinationKey({ situation, person, thing }: Combination): string {
  return `${situation.id}/${person}/${thing}`;
}

/** Every combination of one situation, people varying fastest. */
export function combinationsOf(situation: Situation): Combination[] {
  return things[situation.things].flatMap((thing) => people.map((person) => ({ situation, person, thing })));
}

/** A phrase as people read it: slots filled, key-phrase asterisks gone. */
export function fill(phrase: string, { person, thing }: Pick<Combination, "person" | "thing">): string {
  return phrase.replaceAll("{person}", person).replaceAll("{thing}", thing).replaceAll("*", "");
}

/** The key phrases of a clause or sentence: what stands between asterisks. */
export function keyPhrases(phrase: string): string[] {
  return [...phrase.matchAll(/\*([^*]+)\*/g)].map((match) => match[1] as string);
}

export function questionsOf(combination: Combination): string[] {
  return combination.situation.questions.map((question) => fill(question, combination));
}
