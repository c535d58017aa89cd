/** Settings that cannot work are refused before the run starts, naming the setting. */
import { FolkmootError } from "../contract/errors.ts";
import type { SocietyConfig } from "../contract/society.ts";
import type { PriorPairs } from "./priorMemory.ts";
import { type Agent, isSelfCritique, localRadius, neighboursOf, populationQuotas } from "./world.ts";

/** @throws FolkmootError `bad-setting`, `details.setting` = the dotted name of the setting. */
export function checkConfig(config: SocietyConfig): void {
  if (config.semantics === "reference")
    throw badSetting(
      "semantics",
      "the society's reference semantics is not offered yet",
      'Use "paper"; the loss and the data builder do offer "reference".',
    );
  if (config.memory.embedder !== "lexical")
    throw badSetting(
      "memory.embedder",
      `embedding models are not offered yet (${config.memory.embedder})`,
      'Use "lexical".',
    );
  if (config.sampling.topP === 0)
    throw badSetting(
      "sampling.topP",
      "at 0 no token is left to choose from",
      "Use a value above 0; 1 switches it off.",
    );
  const blank = config.personas.findIndex((persona) => persona.trim() === "");
  if (blank !== -1) throw badSetting(`personas.${blank}`, "the persona is empty", "Write it or remove it.");
  checkPopulations(config);
  checkPeers(config);
}

/** The settings against the files and models that they name. @throws FolkmootError `bad-setting`. */
export function checkMaterial(
  config: SocietyConfig,
  material: {
    readonly agents: readonly Agent[];
    readonly priorPairs: PriorPairs;
    /** Tokens per sequence of every model, observer included. */
    readonly contextSizes: readonly number[];
  },
): void {
  const { path, pairs } = config.priorMemory;
  for (const label of ["good", "bad"] as const) {
    const offered = material.priorPairs[label].length;
    if (path === null || offered >= pairs || !material.agents.some((agent) => agent.label === label)) continue;
    throw badSetting(
      "priorMemory.pairs",
      `every ${label} agent is to bring ${pairs} pairs along, but ${path} has ${offered} of that label`,
      `Lower it to ${offered}, or choose a file with more.`,
    );
  }
  const context = Math.min(...material.contextSizes);
  if (config.sampling.maxTokens >= context)
    throw badSetting(
      "sampling.maxTokens",
      `an answer of ${config.sampling.maxTokens} tokens leaves no room for a question in a context of ${context}`,
      "Lower it, raise contextLength, or choose a model with a larger context.",
    );
}

function checkPopulations({ populations, grid }: SocietyConfig): void {
  const agents = grid.rows * grid.columns;
  const shares = populations.map(({ share }) => share);
  const empty = populationQuotas(shares, agents).indexOf(0);
  if (empty !== -1)
    throw badSetting(
      `populations.${empty}.share`,
      `with ${agents} agents this population has none`,
      "Raise its share, enlarge the grid, or remove the population.",
    );
}

function checkPeers(config: SocietyConfig): void {
  if (isSelfCritique(config)) return;
  if (config.dropout === 1)
    throw badSetting("dropout", "at 1 no peer ever answers", "Lower it, or set peers to 0 for self-critique.");
  const agents = config.grid.rows * config.grid.columns;
  if (config.interaction === "global") {
    if (config.peers > agents - 1)
      throw badSetting(
        "peers",
        `${config.peers} peers are to be asked, but there are ${agents - 1} other agents`,
        `Lower it to ${agents - 1}, or enlarge the grid.`,
      );
    return;
  }
  const most = mostNeighbours(config);
  if (config.peers > most)
    throw badSetting(
      most === 0 ? "radius" : "peers",
      `${config.peers} peers are to be asked, but within a radius of ${localRadius(config)} no agent has more than ${most}`,
      most === 0 ? "Raise the radius." : `Lower it to ${most}, or raise the radius.`,
    );
}

/** Nobody has more neighbours than the agent in the middle. */
function mostNeighbours(config: SocietyConfig): number {
  const { rows, columns } = config.grid;
  return neighboursOf(config, Math.floor((rows - 1) / 2) * columns + Math.floor((columns - 1) / 2)).length;
}

function badSetting(setting: string, why: string, action: string): FolkmootError {
  return new FolkmootError("bad-setting", { message: `${setting}: ${why}.`, action, details: { setting } });
}
