import type { Prompt } from "../../core/models/languageModel.ts";
import { draftPrompt } from "../../core/society/prompts.ts";
import { buildVocabulary, type Vocabulary } from "../models/vocabulary.ts";
import { combinationsOf, questionsOf, situations } from "./combination.ts";
import { type ConversationMix, conversationGroupAt } from "./conversations.ts";

/** Groups whose prompts and responses are read for their words; after about 500 nothing new comes. */
const groupsRead = 2000;
const mix: ConversationMix = { draft: 1, recall: 1, rating: 1, peer: 1, engagement: 1, revision: 1 };

/** Every piece of every question, and of the society's prompts and the village's responses. */
export function demoVocabulary(render: (prompt: Prompt) => string): Vocabulary {
  return buildVocabulary(texts(render));
}

function* texts(render: (prompt: Prompt) => string): Generator<string> {
  const combinations = situations.flatMap(combinationsOf);
  for (let index = 0; index < groupsRead; index++)
    for (const { prompt, response } of conversationGroupAt(0, index, { combinations, mix }).conversations) {
      yield render(prompt);
      yield response;
    }
  for (const combination of combinations)
    for (const question of questionsOf(combination)) {
      yield render(draftPrompt(question, { id: 0 }, null));
      yield ` ${question}`;
    }
}
