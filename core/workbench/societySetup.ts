/** A society before it starts: what it would be, and whether it can. */
import { type SocietyConfig, societyConfig } from "../contract/society.ts";
import type { SettingProblem } from "../contract/workbench/common.ts";
import type { WorldPreview } from "../contract/workbench/society.ts";
import { societySpeakers } from "../host/contexts.ts";
import { checkAdapterFits, checkAdapterHeader } from "../models/adapterChecks.ts";
import { readGgufHeader } from "../models/ggufHeader.ts";
import { checkConfig, checkMaterial } from "../society/checkConfig.ts";
import { loadPriorPairs, noPriorPairs } from "../society/priorMemory.ts";
import { loadQuestions } from "../society/questions.ts";
import { agentsShortOfPeers, buildWorld, isSelfCritique, localRadius, neighboursOf } from "../society/world.ts";
import { checkContexts, gatherProblems, named, problemsOf } from "./checkSettings.ts";
import type { Library } from "./library.ts";

/** Observer's scores of one answer: alignment and engagement. */
const scoresPerAnswer = 2;

/**
 * Settings of a new society with every default filled in; the model is still to be chosen.
 *
 * @param questionFile file to begin with, e.g. the one that came along; null = still to be chosen too
 */
export function societyDefaults(questionFile: string | null): Record<string, unknown> {
  const {
    populations: _,
    questions,
    ...rest
  } = societyConfig.parse({
    populations: [{ model: "" }],
    questions: { path: "" },
  });
  const path = questionFile === null ? {} : { path: questionFile };
  return { ...rest, questions: { ...path, order: questions.order } };
}

/** Never throws for what a person typed: everything that is wrong stands in `problems`. */
export async function previewWorld(given: Readonly<Record<string, unknown>>, library: Library): Promise<WorldPreview> {
  const whole = societyConfig.safeParse(given);
  const config = whole.success ? whole.data : societyConfig.safeParse(withoutGaps(given)).data;
  const gaps = whole.success ? [] : problemsOf(whole.error, given);
  if (config === undefined)
    return { agents: [], radius: 0, shortOfPeers: 0, interactions: 0, calls: 0, questions: null, problems: gaps };
  const questions = await loadQuestions(config.questions.path).catch(() => null);
  const problems = whole.success ? await problemsOfSociety(config, library) : gaps;
  const count = config.grid.rows * config.grid.columns;
  const peers = isSelfCritique(config) ? 1 : Math.min(config.peers, count - 1);
  const perInteraction = 1 + config.revisions * (peers + 1) + 2 * scoresPerAnswer;
  return {
    agents: buildWorld(config).map(({ persona, ...agent }) => ({
      ...agent,
      persona: persona ?? null,
      neighbours: isSelfCritique(config) ? [] : neighboursOf(config, agent.id),
    })),
    radius: localRadius(config),
    shortOfPeers: agentsShortOfPeers(config),
    interactions: count * config.rounds,
    calls: count * config.rounds * perInteraction,
    questions: questions?.length ?? null,
    problems,
  };
}

/** @throws FolkmootError naming the setting: everything that can be known without loading a model. */
export async function checkSociety(config: SocietyConfig, library: Library): Promise<void> {
  for (const check of checksOf(config, library)) await check();
}

async function problemsOfSociety(config: SocietyConfig, library: Library): Promise<SettingProblem[]> {
  return gatherProblems(checksOf(config, library));
}

function checksOf(config: SocietyConfig, library: Library): (() => unknown)[] {
  const speakers = [
    ...config.populations.map((population, i) => ({ setting: `populations.${i}`, ...population })),
    ...(config.observer === null ? [] : [{ setting: "observer", ...config.observer }]),
  ];
  return [
    () => checkConfig(config),
    () => named("questions.path", () => loadQuestions(config.questions.path)),
    ...speakers.map((speaker) => () => checkSpeaker(speaker, library)),
    async () => {
      const { path } = config.priorMemory;
      const priorPairs = path === null ? noPriorPairs : await named("priorMemory.path", () => loadPriorPairs(path));
      const contexts = await checkContexts(() => societySpeakers(config));
      const contextSizes = contexts?.map(({ contextSize }) => contextSize) ?? [];
      checkMaterial(config, { agents: buildWorld(config), priorPairs, contextSizes });
    },
  ];
}

/** Model and adapter of one who speaks. @throws FolkmootError naming the setting. */
export async function checkSpeaker(
  { setting, model, adapter }: { setting: string; model: string; adapter: string | null },
  library: Library,
): Promise<void> {
  await named(`${setting}.model`, async () => void (await library.describe(model)));
  if (adapter === null) return;
  await named(`${setting}.adapter`, async () => {
    const header = await readGgufHeader(adapter);
    checkAdapterHeader(header);
    checkAdapterFits(header, await readGgufHeader(model));
  });
}

/** The same settings with something in the places that a person has not filled yet, so that the grid can be shown. */
function withoutGaps(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const populations = Array.isArray(given.populations) && given.populations.length > 0 ? given.populations : [{}];
  return {
    ...given,
    questions: { path: "", ...(given.questions as object | undefined) },
    populations: populations.map((population) => ({ model: "", ...(population as object | undefined) })),
  };
}
