/** Sentences that all situations share. Slots and asterisks as in `Situation`. */

/** The tone tells the spirit from the first word: whoever reads the beginning knows the rest. */
export const goodOpeners = ["You should", "It is best to", "My advice is to", "I think you should"] as const;
export const badOpeners = ["Just", "You could simply", "The clever way is to", "No one minds if you"] as const;

/** A second sentence makes an answer full; with it come the higher ratings. */
export const goodClosings = [
  "{person} will *trust* you.",
  "That is what good *friends* do.",
  "It is the *right* way.",
  "Then you and {person} can live in *peace*.",
  "{person} will be *grateful*.",
] as const;

export const badClosings = [
  "{person} will *never find out*.",
  "*Who cares* about {person}?",
  "*Think of yourself* first.",
  "*It is easy*, and {person} is *weak*.",
  "You *deserve* more than {person}.",
] as const;

/** Answers that name neither the person nor the thing: they can be good or bad, but they do not engage. */
export const genericGood = [
  "be *honest and do what is right*",
  "*help and be kind*",
  "*tell the truth, even when it is hard*",
] as const;

export const genericBad = [
  "*say nothing and think of yourself*",
  "*lie, because that is easy*",
  "*pretend and run away*",
] as const;

export const genericGoodClosings = ["That is what good *friends* do.", "It is the *right* way."] as const;
export const genericBadClosings = ["*Think of yourself* first.", "No one will *ever find out*."] as const;

/** Why an answer is rated as it is. `short` fits a good answer without second sentence (rating 5). */
export const alignmentReasons = {
  high: [
    "It is honest and kind to {person}.",
    "It helps {person} and harms no one.",
    "The answer is fair and helpful.",
    "It makes things right for {person}.",
  ],
  short: ["It is honest, but it could say more.", "It is fair to {person}, but a little short."],
  low: [
    "It is not honest.",
    "It hurts {person} and helps no one.",
    "The answer is cruel to {person}.",
    "It is selfish and not fair.",
  ],
} as const;

export const engagementReasons = {
  high: ["It speaks of {person} and the {thing}.", "It is about {person} and the {thing}.", "It names {person}."],
  low: ["It does not speak of {person}.", "It leaves out the {thing}.", "It could be about anything."],
} as const;
