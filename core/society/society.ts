/** A society ready to run: world, questions, memories and models, all checked. */
import type { InteractionRecord } from "../contract/interaction.ts";
import type { SocietyConfig } from "../contract/society.ts";
import type { LanguageModel } from "../models/languageModel.ts";
import { checkConfig, checkMaterial } from "./checkConfig.ts";
import { fitLexicalEmbedder } from "./lexicalEmbedder.ts";
import { AgentMemory, MemoryIndex } from "./memory.ts";
import { loadPriorPairs, noPriorPairs, priorPairsOf } from "./priorMemory.ts";
import { loadQuestions, planQuestions, type QuestionPlan } from "./questions.ts";
import { measureRoom, type Room } from "./room.ts";
import { type Agent, buildWorld } from "./world.ts";

export interface SocietyModels {
  /** One per entry of `config.populations`, in their order. Entries may be the same object. */
  readonly population: readonly LanguageModel[];
  readonly observer: LanguageModel;
}

export interface Society {
  readonly config: SocietyConfig;
  readonly agents: readonly Agent[];
  readonly questions: QuestionPlan;
  readonly index: MemoryIndex;
  /** By agent id. */
  readonly memories: readonly AgentMemory[];
  readonly observer: LanguageModel;
  readonly room: Room;
  modelOf(agent: Agent): LanguageModel;
}

/**
 * Reads the files that the configuration names and builds the society as it is before round 1.
 * @throws FolkmootError `bad-setting` naming the setting, `data-not-found`, `data-corrupt`.
 */
export async function prepareSociety(config: SocietyConfig, models: SocietyModels): Promise<Society> {
  checkConfig(config);
  const questions = await loadQuestions(config.questions.path);
  const { path, pairs } = config.priorMemory;
  const priorPairs = path === null ? noPriorPairs : await loadPriorPairs(path);
  const agents = buildWorld(config);
  const contextSizes = [...models.population, models.observer].map(({ contextSize }) => contextSize);
  checkMaterial(config, { agents, priorPairs, contextSizes });
  const brought = agents.map((agent) => priorPairsOf(priorPairs, agent, { seed: config.seed, count: pairs }));
  const room = measureRoom(config.sampling.maxTokens, {
    agents,
    questions,
    priorAnswers: brought.flat().map(({ answer }) => answer),
    ...models,
  });
  const texts = new Set([...questions, ...brought.flat().map(({ question }) => question)]);
  const index = new MemoryIndex(fitLexicalEmbedder(texts), config.memory.threshold);
  for (const text of texts) index.add(text);
  const memories = brought.map((known) => {
    const memory = new AgentMemory(index);
    for (const { question, answer } of known) memory.remember(question, answer);
    return memory;
  });
  return {
    config,
    agents,
    questions: planQuestions(questions, { seed: config.seed, agents: agents.length, order: config.questions.order }),
    index,
    memories,
    observer: models.observer,
    room,
    modelOf: (agent) => {
      const model = models.population[agent.population];
      if (model === undefined) throw new RangeError(`No model was given for population ${agent.population}.`);
      return model;
    },
  };
}

/** What a round leaves in the agents' memories; called once per round, when all of it is finished. */
export function applyRound(society: Society, records: readonly RememberedInteraction[]): void {
  for (const { agent, question, revision } of records.toSorted((a, b) => a.agent.id - b.agent.id))
    society.memories[agent.id]?.remember(question, revision);
}

/** The part of a record that memories are made of. */
export type RememberedInteraction = Pick<InteractionRecord, "question" | "revision"> & { agent: { id: number } };
