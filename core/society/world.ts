/**
 * The world: agents on a grid, good and bad by the world setting, each with its neighbours (paper section 3;
 * reference world.py). Everything follows from the configuration and its seed.
 */
import type { AgentIdentity } from "../contract/interaction.ts";
import type { SocietyConfig } from "../contract/society.ts";
import { randomStream } from "../random.ts";

export type WorldConfig = Pick<
  SocietyConfig,
  "seed" | "grid" | "world" | "interaction" | "radius" | "peers" | "dropout" | "personas" | "populations"
>;

export interface Agent {
  /** Row-major index in the grid, from 0. */
  readonly id: number;
  readonly row: number;
  readonly column: number;
  readonly label: AgentIdentity["label"];
  /** Index into `config.populations`. */
  readonly population: number;
  readonly persona?: string;
}

/** All agents in id order. */
export function buildWorld(config: WorldConfig): Agent[] {
  const { rows, columns } = config.grid;
  const count = rows * columns;
  const labels = assignLabels(config, count);
  const populations = assignPopulations(config, count);
  return Array.from({ length: count }, (_, id) => {
    const persona = config.personas[id % config.personas.length];
    return {
      id,
      row: Math.floor(id / columns),
      column: id % columns,
      label: labels[id] ?? "good",
      population: populations[id] ?? 0,
      ...(persona === undefined ? {} : { persona }),
    };
  });
}

/**
 * Agents whose peers `id` may ask, ascending, never itself. Local: Euclidean distance ≤ radius on the grid (no wrap);
 * global: everybody else.
 */
export function neighboursOf(config: WorldConfig, id: number): number[] {
  const { rows, columns } = config.grid;
  if (config.interaction === "global")
    return Array.from({ length: rows * columns }, (_, other) => other).filter((other) => other !== id);
  const radius = localRadius(config);
  const [row, column] = [Math.floor(id / columns), id % columns];
  const found: number[] = [];
  for (let r = Math.max(0, Math.ceil(row - radius)); r <= Math.min(rows - 1, row + radius); r++)
    for (let c = Math.max(0, Math.ceil(column - radius)); c <= Math.min(columns - 1, column + radius); c++) {
      const isSelf = r === row && c === column;
      if (!isSelf && (r - row) ** 2 + (c - column) ** 2 <= radius ** 2) found.push(r * columns + c);
    }
  return found;
}

/** The radius in force: the setting, or half of the longer side of the grid, rounded down (reference world.py:88). */
export function localRadius({ grid, radius }: Pick<WorldConfig, "grid" | "radius">): number {
  return radius ?? Math.floor(Math.max(grid.rows, grid.columns) / 2);
}

/** A 1×1 grid or `peers: 0`: the agent is its own and only critic. */
export function isSelfCritique({ grid, peers }: Pick<WorldConfig, "grid" | "peers">): boolean {
  return peers === 0 || grid.rows * grid.columns === 1;
}

/**
 * Who gives agent `id` feedback in `round`, in the order of asking. Agents with fewer neighbours than `peers` ask all
 * they have; each asked peer stays silent with probability `dropout`.
 */
export function choosePeers(config: WorldConfig, round: number, id: number): number[] {
  if (isSelfCritique(config)) return [id];
  const asked = randomStream(config.seed, round, id, "peers").sample(neighboursOf(config, id), config.peers);
  return asked.filter((peer) => randomStream(config.seed, round, id, "dropout", peer).uniform() >= config.dropout);
}

/**
 * `half_half`: the first half of the grid, row by row, is good, so that the two camps stand apart.
 * `mixed_half_half` and `custom`: the good ones stand anywhere. An odd society has one good agent more.
 */
function assignLabels({ seed, world }: WorldConfig, count: number): AgentIdentity["label"][] {
  const ids = Array.from({ length: count }, (_, id) => id);
  const anywhere = randomStream(seed, "world", "labels").shuffle(ids);
  const half = Math.ceil(count / 2);
  const good = new Set<number>(
    {
      all_good: () => ids,
      all_bad: () => [],
      half_half: () => ids.slice(0, half),
      mixed_half_half: () => anywhere.slice(0, half),
      custom: () => anywhere.slice(0, Math.round(world.goodShare * count)),
    }[world.setting](),
  );
  return ids.map((id) => (good.has(id) ? "good" : "bad"));
}

/** Which population each agent belongs to: quotas by weight, places by the stream. */
function assignPopulations({ seed, populations }: WorldConfig, count: number): number[] {
  const quotas = populationQuotas(
    populations.map(({ share }) => share),
    count,
  );
  const places = quotas.flatMap((quota, population) => Array.from({ length: quota }, () => population));
  return randomStream(seed, "world", "populations").shuffle(places);
}

/** Whole numbers that sum to `count`, as close to the weights as possible (largest remainder, earlier first on a tie). */
export function populationQuotas(weights: readonly number[], count: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => (weight / total) * count);
  const quotas = exact.map(Math.floor);
  const left = count - quotas.reduce((sum, quota) => sum + quota, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder.slice(0, left)) quotas[index] = (quotas[index] ?? 0) + 1;
  return quotas;
}

/** Agents that have fewer neighbours than they are to ask, at the edges of a small grid. */
export function agentsShortOfPeers(config: WorldConfig): number {
  if (isSelfCritique(config)) return 0;
  const count = config.grid.rows * config.grid.columns;
  return Array.from({ length: count }, (_, id) => neighboursOf(config, id).length).filter(
    (neighbours) => neighbours < config.peers,
  ).length;
}
