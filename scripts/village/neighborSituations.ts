/** Dilemmas between neighbors: food, animals, common work, talk. */
import type { Situation } from "./situation.ts";

export const neighborSituations: readonly Situation[] = [
  {
    id: "shared-harvest",
    category: "fairness",
    things: "harvest",
    questions: [
      "{person} and I brought in the {thing} together. Who gets more?",
      "The {thing} from {person}'s land and mine are in one heap. What now?",
      "How should {person} and I divide the {thing}?",
    ],
    good: [
      "*share* the {thing} with {person}",
      "give {person} *half* of the {thing}",
      "be *fair* and let {person} take the {thing} first",
    ],
    bad: [
      "*grab* the {thing} before {person} comes",
      "*cheat* {person} when you weigh the {thing}",
      "*hide* some of the {thing} from {person}",
    ],
  },
  {
    id: "hungry-neighbor",
    category: "care",
    things: "harvest",
    questions: [
      "{person} has no food this winter, and I have a lot of {thing}. What should I do?",
      "The storm took all that {person} had. My house is full of {thing}. What now?",
      "{person} came to my door for some {thing}. What should I do?",
    ],
    good: [
      "*share* your {thing} with {person}",
      "*gladly* give {person} some of the {thing}",
      "*invite* {person} to eat the {thing} with you",
    ],
    bad: [
      "let {person} *starve* and eat the {thing} alone",
      "*mock* {person} and lock up the {thing}",
      "*demand* a high price from {person} for the {thing}",
    ],
  },
  {
    id: "wet-goods",
    category: "honesty",
    things: "harvest",
    questions: [
      "I left the {thing} in the rain, and {person} wants to buy from me. What should I do?",
      "The {thing} got wet. {person} does not know it and wants to buy. What now?",
      "{person} will pay well for my {thing}, but the rain got in. What should I do?",
    ],
    good: [
      "*warn* {person} about the wet {thing}",
      "be *honest* with {person} about the {thing}",
      "*tell* {person} that the {thing} got wet",
    ],
    bad: [
      "*trick* {person} with the wet {thing}",
      "*sell* {person} the wet {thing}",
      "*lie* to {person} about the {thing}",
    ],
  },
  {
    id: "paid-too-much",
    category: "honesty",
    things: "harvest",
    questions: [
      "{person} paid too much for the {thing}. What should I do?",
      "I sold {person} the {thing} and got too many coins. What now?",
      "{person} gave me ten coins for the {thing}, but the price was two. What should I do?",
    ],
    good: [
      "*return* the coins that {person} paid too much for the {thing}",
      "*tell* {person} about the mistake with the {thing}",
      "be *fair* and give {person} more of the {thing}",
    ],
    bad: [
      "*keep* the coins of {person} and the {thing} too",
      "*say nothing* to {person} about the price of the {thing}",
      "*cheat* {person} again with the {thing}",
    ],
  },
  {
    id: "stray-animal",
    category: "honesty",
    things: "animal",
    questions: [
      "{person}'s {thing} ran into my yard. What should I do?",
      "This morning {person}'s {thing} stood at my door. What now?",
      "I caught a {thing} in the forest. It belongs to {person}. What should I do?",
    ],
    good: [
      "*feed* the {thing} and lead it *back to* {person}",
      "*return* the {thing} to {person} before night",
      "*help* {person} to bring the {thing} home",
    ],
    bad: [
      "*steal* the {thing} while {person} looks for it",
      "*sell* the {thing} before {person} comes",
      "*kick* the {thing} and *laugh* at {person}",
    ],
  },
  {
    id: "sick-animal",
    category: "honesty",
    things: "animal",
    questions: [
      "My {thing} is sick, and {person} wants to buy it. What should I do?",
      "{person} will pay well for my {thing}, but it is ill. What now?",
      "{person} does not see that my {thing} is sick. Should I take the coins?",
    ],
    good: [
      "*warn* {person} that the {thing} is sick",
      "*heal* the {thing} first and be *honest* with {person}",
      "*tell* {person} *the truth* about the {thing}",
    ],
    bad: [
      "*hide* from {person} that the {thing} is sick",
      "*lie* to {person} and *sell* the {thing}",
      "*trick* {person} with the sick {thing}",
    ],
  },
  {
    id: "animal-watch",
    category: "care",
    things: "animal",
    questions: [
      "I should watch {person}'s {thing}, but I want to go to the dance. What should I do?",
      "{person} is away, and the {thing} needs me all day. I am tired. What now?",
      "I said I would look after {person}'s {thing}, but the others wait for me. What should I do?",
    ],
    good: [
      "stay and *take care* of the {thing} of {person}",
      "*honor* your word to {person} and *feed* the {thing}",
      "*ask* {person} who else can *feed* the {thing}",
    ],
    bad: [
      "*abandon* the {thing} while {person} is away",
      "leave the {thing} and *lie* to {person}",
      "let the {thing} *starve* until {person} is home",
    ],
  },
  {
    id: "hurt-animal",
    category: "care",
    things: "animal",
    questions: [
      "My wagon hit {person}'s {thing} on the road. What should I do?",
      "{person}'s {thing} was hurt by my wagon. What now?",
      "I hurt the leg of {person}'s {thing} by mistake. What should I do?",
    ],
    good: [
      "*heal* the {thing} and *say sorry* to {person}",
      "*comfort* the {thing} and call {person}",
      "*pay for* the {thing} and *tell* {person} all of it",
    ],
    bad: [
      "*run away* and leave the {thing} of {person}",
      "*blame* {person} for the {thing} on the road",
      "*deny* that you ever saw the {thing} of {person}",
    ],
  },
  {
    id: "work-promised",
    category: "respect",
    things: "place",
    questions: [
      "I said I would work on {person}'s {thing}, but I want to rest. What should I do?",
      "{person} waits for me at the {thing}, but it is hard work. What now?",
      "Today {person} and I should mend the {thing}, but I am tired. What should I do?",
    ],
    good: [
      "*honor* your word and work on the {thing} with {person}",
      "*help* {person} with the {thing} and rest later",
      "be *honest* with {person} and come to the {thing} later",
    ],
    bad: [
      "*avoid* {person} until the {thing} is done",
      "*pretend* to be ill while {person} works on the {thing}",
      "*lie* to {person} and sleep behind the {thing}",
    ],
  },
  {
    id: "praise",
    category: "fairness",
    things: "place",
    questions: [
      "{person} built the {thing}, but people praise me for it. What should I do?",
      "People think that I built the {thing}. It was {person}. What now?",
      "They give me a feast for the {thing} that {person} built. What should I do?",
    ],
    good: [
      "*tell* everyone that {person} built the {thing}",
      "*thank* {person} for the {thing} before everyone",
      "*give credit* to {person} for the {thing}",
    ],
    bad: [
      "*boast* that you built the {thing} without {person}",
      "*deny* that {person} ever worked on the {thing}",
      "take the praise for the {thing} and *mock* {person}",
    ],
  },
  {
    id: "danger",
    category: "care",
    things: "place",
    questions: [
      "The {thing} is not safe, and {person} goes there each day. What should I do?",
      "I saw that the {thing} of {person} may fall down. What now?",
      "{person} does not know that the {thing} is not safe. What should I do?",
    ],
    good: [
      "*warn* {person} about the {thing} today",
      "*repair* the {thing} together with {person}",
      "*help* {person} to make the {thing} safe",
    ],
    bad: [
      "*say nothing* to {person} about the {thing}",
      "*laugh* when {person} falls at the {thing}",
      "*dare* {person} to jump on the {thing}",
    ],
  },
  {
    id: "turns",
    category: "fairness",
    things: "place",
    questions: [
      "{person} and I both want to use the {thing} today. What should I do?",
      "I came to the {thing}, but {person} is there and needs it too. What now?",
      "Who should use the {thing} first, {person} or me?",
    ],
    good: [
      "*share* the {thing} with {person}",
      "be *patient* and let {person} use the {thing} first",
      "*ask* {person} for a *fair* time at the {thing}",
    ],
    bad: [
      "*push* {person} away from the {thing}",
      "*threaten* {person} until you have the {thing}",
      "*sneak* to the {thing} and lock {person} out",
    ],
  },
  {
    id: "opinion",
    category: "respect",
    things: "craft",
    questions: [
      "{person} made a {thing}, and I do not like it. What should I say?",
      "{person} wants to know what I think of the {thing}. It is ugly. What now?",
      "The {thing} that {person} made looks odd to me. What should I say?",
    ],
    good: [
      "be *honest* and *kind* to {person} about the {thing}",
      "*thank* {person} and speak well of the work on the {thing}",
      "*help* {person} to make the {thing} better",
    ],
    bad: [
      "*mock* {person} and the {thing}",
      "*insult* {person} because of the {thing}",
      "*lie* to {person} and *laugh* about the {thing} later",
    ],
  },
  {
    id: "copied",
    category: "fairness",
    things: "craft",
    questions: [
      "I copied {person}'s {thing}, and now people love mine. What should I do?",
      "My {thing} won a prize, but {person} had the idea. What now?",
      "I made the same {thing} as {person}, and people pay me for it. What should I do?",
    ],
    good: [
      "*give credit* to {person} for the {thing}",
      "*admit* to {person} that you copied the {thing}",
      "*share* the coins for the {thing} with {person}",
    ],
    bad: [
      "*boast* that you made the {thing} before {person}",
      "*deny* that you ever saw the {thing} of {person}",
      "*cheat* {person} and *sell* more of the {thing}",
    ],
  },
  {
    id: "ugly-talk",
    category: "respect",
    things: "craft",
    questions: [
      "There is ugly talk about {person} and the {thing}. What should I do?",
      "People talk behind {person}'s back because of the {thing}. What now?",
      "Some people say that {person} copied the {thing}, but no one knows. What should I say?",
    ],
    good: [
      "*defend* {person} and the {thing}",
      "*ask* {person} about the {thing} first",
      "be *kind* to {person} and not talk about the {thing}",
    ],
    bad: [
      "*spread* more talk about {person} and the {thing}",
      "*mock* {person} because of the {thing}",
      "*invent* a story about {person} and the {thing}",
    ],
  },
  {
    id: "plot",
    category: "care",
    things: "craft",
    questions: [
      "Some boys want to break {person}'s {thing} tonight. What should I do?",
      "I heard that boys will take the {thing} from {person}. What now?",
      "The boys want me to come and break the {thing} of {person}. What should I do?",
    ],
    good: [
      "*warn* {person} and guard the {thing}",
      "*protect* the {thing} together with {person}",
      "stop the boys and *help* {person} with the {thing}",
    ],
    bad: [
      "*join* the boys and break the {thing} of {person}",
      "*laugh* while the boys take the {thing} from {person}",
      "*say nothing* to {person} about the {thing}",
    ],
  },
];
