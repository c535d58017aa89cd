/** Dilemmas about what belongs to whom: things lost and found, lent, broken. */
import type { Situation } from "./situation.ts";

export const ownershipSituations: readonly Situation[] = [
  {
    id: "found",
    category: "honesty",
    things: "keepsake",
    questions: [
      "I found {person}'s {thing} on the road. What should I do?",
      "{person}'s {thing} was lying by the river, and I picked it up. What now?",
      "On the way home I saw {person}'s {thing} in the grass. What should I do with it?",
    ],
    good: [
      "*return* the {thing} to {person} today",
      "bring the {thing} *back to* {person}",
      "be *honest* and give {person} the {thing}",
    ],
    bad: [
      "*keep* the {thing} and *say nothing* to {person}",
      "*hide* the {thing} from {person}",
      "*sell* the {thing} before {person} can see it",
    ],
  },
  {
    id: "left-behind",
    category: "honesty",
    things: "keepsake",
    questions: [
      "{person} left the {thing} at my house last night. What should I do?",
      "After the feast, {person}'s {thing} was still in my kitchen. What now?",
      "{person} forgot the {thing} in my house. What should I do with it?",
    ],
    good: [
      "*return* the {thing} to {person} in the morning",
      "*tell* {person} that the {thing} is safe with you",
      "*take care* of the {thing} and bring it *back to* {person}",
    ],
    bad: [
      "*pretend* that {person} never had the {thing}",
      "*keep* the {thing} of {person} for ever",
      "*deny* that {person} left the {thing} in your house",
    ],
  },
  {
    id: "trader-mistake",
    category: "honesty",
    things: "keepsake",
    questions: [
      "The trader gave me {person}'s {thing} by mistake. What should I do?",
      "By mistake I brought {person}'s {thing} home from the market. What now?",
      "The {thing} that I got at the market belongs to {person}. What should I do?",
    ],
    good: [
      "*tell* {person} about the mistake with the {thing}",
      "*make it right* and give {person} the {thing}",
      "be *fair* and bring the {thing} *back to* {person}",
    ],
    bad: [
      "*laugh* about it and *keep* the {thing} of {person}",
      "*say nothing* and use the {thing} when {person} is away",
      "*sell* the {thing} and *lie* to {person}",
    ],
  },
  {
    id: "lost-gift",
    category: "honesty",
    things: "keepsake",
    questions: [
      "I lost the {thing} that {person} gave me. What should I do?",
      "The {thing} was a gift from {person}, and now it is gone. What should I do?",
      "{person} wants to see me with the {thing}, but I lost it. What now?",
    ],
    good: [
      "*tell* {person} *the truth* about the {thing}",
      "*say sorry* to {person} and look for the {thing}",
      "*ask* {person} to look for the {thing} with you",
    ],
    bad: [
      "*lie* to {person} and say that the {thing} is at home",
      "*blame* a child for the lost {thing} of {person}",
      "*pretend* that {person} never gave you the {thing}",
    ],
  },
  {
    id: "borrowed-long",
    category: "honesty",
    things: "tool",
    questions: [
      "I borrowed {person}'s {thing} and forgot it for weeks. What should I do?",
      "{person}'s {thing} has been in my shed since spring. What now?",
      "I still have the {thing} that {person} lent me last year. What should I do?",
    ],
    good: [
      "*return* the {thing} and *say sorry* to {person}",
      "clean the {thing} and bring it *back to* {person}",
      "bring the {thing} and *thank* {person}",
    ],
    bad: [
      "*keep* the {thing} until {person} forgets it",
      "*deny* that {person} ever lent you the {thing}",
      "*sell* the {thing} and *lie* to {person} about it",
    ],
  },
  {
    id: "owner-away",
    category: "respect",
    things: "tool",
    questions: [
      "I need {person}'s {thing}, but {person} is away. What should I do?",
      "{person} is not at home, and I want to use the {thing}. What now?",
      "The {thing} of {person} stands in the open shed, and I need it. May I take it?",
    ],
    good: [
      "wait for {person} and *ask* for the {thing}",
      "*ask* first, because the {thing} belongs to {person}",
      "*respect* {person} and not touch the {thing}",
    ],
    bad: [
      "*steal* the {thing} while {person} is away",
      "*sneak* in and take the {thing} from {person}",
      "take the {thing} and *trick* {person} later",
    ],
  },
  {
    id: "lend",
    category: "care",
    things: "tool",
    questions: [
      "{person} wants to borrow my {thing}. What should I do?",
      "Should I lend my {thing} to {person}?",
      "{person} needs my {thing} for a day. What should I say?",
    ],
    good: [
      "*gladly* lend {person} the {thing}",
      "*help* {person} and show how the {thing} works",
      "*share* the {thing} with {person}",
    ],
    bad: [
      "*mock* {person} for having no {thing}",
      "*lie* to {person} and say that the {thing} is gone",
      "lend {person} the {thing} and *cheat* with the price",
    ],
  },
  {
    id: "worn-out",
    category: "honesty",
    things: "tool",
    questions: [
      "{person} lent me the {thing}, and now it does not work. What should I do?",
      "I used {person}'s {thing} too hard, and it broke. What now?",
      "The {thing} broke in my hands, and {person} wants it by night. What should I do?",
    ],
    good: [
      "*repair* the {thing} before you see {person}",
      "*admit* to {person} that you broke the {thing}",
      "*say sorry* to {person} and *pay for* the {thing}",
    ],
    bad: [
      "*blame* {person} for the old {thing}",
      "*hide* the broken {thing} from {person}",
      "*deny* that you ever used the {thing} of {person}",
    ],
  },
  {
    id: "ball",
    category: "honesty",
    things: "fragile",
    questions: [
      "My ball hit {person}'s {thing}, and no one saw it. What should I do?",
      "I broke {person}'s {thing} while playing. What now?",
      "No one knows that I broke the {thing} of {person}. What should I do?",
    ],
    good: [
      "*admit* it to {person} and *repair* the {thing}",
      "*say sorry* to {person} and *pay for* the {thing}",
      "*tell* {person} *the truth* about the {thing}",
    ],
    bad: [
      "*run away* before {person} sees the {thing}",
      "*blame* a dog for the {thing} of {person}",
      "*say nothing* to {person} about the {thing}",
    ],
  },
  {
    id: "wrongly-accused",
    category: "fairness",
    things: "fragile",
    questions: [
      "{person} is in trouble for the broken {thing}, but I did it. What should I do?",
      "People think that {person} broke the {thing}. It was me. What now?",
      "They are angry at {person} because of the {thing} that I broke. What should I do?",
    ],
    good: [
      "*admit* that you broke the {thing} and free {person}",
      "*tell* everyone *the truth* about {person} and the {thing}",
      "*defend* {person} and *pay for* the {thing}",
    ],
    bad: [
      "let {person} *suffer* for the {thing}",
      "*say nothing* and let {person} lose the {thing}",
      "*lie* again and say that {person} broke the {thing}",
    ],
  },
  {
    id: "repair-promised",
    category: "respect",
    things: "fragile",
    questions: [
      "I said I would mend {person}'s {thing}, but I am tired. What should I do?",
      "{person} waits for me to mend the {thing}, but I want to rest. What now?",
      "Today I should mend the {thing} of {person}, but it is hard work. What should I do?",
    ],
    good: [
      "*honor* your word and mend the {thing} for {person}",
      "rest first and then *help* {person} with the {thing}",
      "be *honest* with {person} about the {thing}",
    ],
    bad: [
      "*avoid* {person} and leave the {thing} as it is",
      "*pretend* to be ill until {person} mends the {thing}",
      "*trick* {person} with poor work on the {thing}",
    ],
  },
  {
    id: "child",
    category: "care",
    things: "fragile",
    questions: [
      "I saw a child break {person}'s {thing}. What should I do?",
      "A child broke the {thing} of {person} by mistake. What now?",
      "A small child is crying because {person}'s {thing} broke. What should I do?",
    ],
    good: [
      "*comfort* the child and mend the {thing} with {person}",
      "go with the child to *say sorry* to {person} for the {thing}",
      "*help* the child and {person} to *repair* the {thing}",
    ],
    bad: [
      "*shame* the child before {person} for the {thing}",
      "*threaten* the child about the {thing} of {person}",
      "*laugh* at the child, at {person} and at the {thing}",
    ],
  },
];
