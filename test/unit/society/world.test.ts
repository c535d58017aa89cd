import { expect, test } from "vitest";
import { type SocietyConfigInput, societyConfig } from "../../../core/contract/society.ts";
import { buildWorld, choosePeers, neighboursOf, populationQuotas } from "../../../core/society/world.ts";

const config = (settings: Partial<SocietyConfigInput>) =>
  societyConfig.parse({ questions: { path: "q.txt" }, populations: [{ model: "m" }], ...settings });
const grid = (rows: number, columns = rows) => ({ rows, columns });
const goodIds = (settings: Partial<SocietyConfigInput>) =>
  buildWorld(config(settings))
    .filter(({ label }) => label === "good")
    .map(({ id }) => id);

test("world settings: who is good", () => {
  expect(goodIds({ grid: grid(10), world: { setting: "all_good" } })).toHaveLength(100);
  expect(goodIds({ grid: grid(10), world: { setting: "all_bad" } })).toHaveLength(0);
  const firstHalf = Array.from({ length: 50 }, (_, id) => id);
  expect(goodIds({ grid: grid(10), world: { setting: "half_half" } })).toEqual(firstHalf);
  const mixed = goodIds({ grid: grid(10), world: { setting: "mixed_half_half" } });
  expect(mixed).toHaveLength(50);
  expect(mixed).not.toEqual(firstHalf);
  expect(goodIds({ grid: grid(10), world: { setting: "mixed_half_half" } })).toEqual(mixed);
  expect(goodIds({ grid: grid(10), world: { setting: "mixed_half_half" }, seed: 2 })).not.toEqual(mixed);
  expect(goodIds({ grid: grid(10), world: { setting: "custom", goodShare: 0.37 } })).toHaveLength(37);
  expect(goodIds({ grid: grid(3), world: { setting: "half_half" } })).toEqual([0, 1, 2, 3, 4]);
});

test("local neighbours are those within the Euclidean radius, never the agent itself", () => {
  const five = config({ grid: grid(5) });
  expect(neighboursOf(five, 12)).toEqual([2, 6, 7, 8, 10, 11, 13, 14, 16, 17, 18, 22]);
  expect(neighboursOf(five, 0)).toEqual([1, 2, 5, 6, 10]);
  expect(neighboursOf(config({ grid: grid(5), radius: 1.5 }), 12)).toEqual([6, 7, 8, 11, 13, 16, 17, 18]);
  expect(neighboursOf(config({ grid: grid(2, 3), radius: 1 }), 5)).toEqual([2, 4]);
  expect(neighboursOf(config({ grid: grid(2), interaction: "global" }), 2)).toEqual([0, 1, 3]);
});

test("neighbourhood is mutual on the largest grid", () => {
  const large = config({ grid: grid(40) });
  const sets = Array.from({ length: 1600 }, (_, id) => new Set(neighboursOf(large, id)));
  const oneSided = sets.flatMap((set, id) => [...set].filter((other) => !sets[other]?.has(id)));
  expect(oneSided).toEqual([]);
});

test("peers: distinct neighbours, new ones every round, the same for the same seed", () => {
  const setting = config({ grid: grid(6), peers: 4 });
  const rounds = Array.from({ length: 20 }, (_, i) => choosePeers(setting, i + 1, 14));
  for (const peers of rounds) {
    expect(new Set(peers).size).toBe(4);
    for (const peer of peers) expect(neighboursOf(setting, 14)).toContain(peer);
  }
  expect(new Set(rounds.map(String)).size).toBeGreaterThan(15);
  expect(choosePeers(setting, 3, 14)).toEqual(rounds[2]);
});

test("dropout silences the given share of asked peers", () => {
  const setting = config({ grid: grid(10), peers: 5, dropout: 0.3 });
  let answered = 0;
  for (let round = 1; round <= 20; round++)
    for (let id = 0; id < 100; id++) answered += choosePeers(setting, round, id).length;
  expect(answered / (20 * 100 * 5)).toBeGreaterThan(0.68);
  expect(answered / (20 * 100 * 5)).toBeLessThan(0.72);
});

test("a 1×1 grid and peers 0 are self-critique; dropout does not silence the agent itself", () => {
  expect(choosePeers(config({ grid: grid(1), dropout: 0.9 }), 1, 0)).toEqual([0]);
  expect(choosePeers(config({ grid: grid(4), peers: 0, dropout: 0.9 }), 7, 9)).toEqual([9]);
});

test("populations get their share of agents, mixed over the grid", () => {
  expect(populationQuotas([1, 1, 1], 10)).toEqual([4, 3, 3]);
  expect(populationQuotas([0.7, 0.2, 0.1], 16)).toEqual([11, 3, 2]);
  const mixed = buildWorld(config({ grid: grid(4), populations: [{ model: "a", share: 3 }, { model: "b" }] }));
  const second = mixed.filter(({ population }) => population === 1).map(({ id }) => id);
  expect(second).toHaveLength(4);
  expect(second).not.toEqual([12, 13, 14, 15]);
});

test("personas go round", () => {
  const agents = buildWorld(config({ grid: grid(1, 3), personas: ["A miller.", "A nurse."] }));
  expect(agents.map(({ persona }) => persona)).toEqual(["A miller.", "A nurse.", "A miller."]);
  expect(buildWorld(config({ grid: grid(1) }))[0]).not.toHaveProperty("persona");
});
