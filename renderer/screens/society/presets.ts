/** Worlds to start from; each changes only what it is about. */
import type { text } from "../../text/en.ts";

export type PresetName = keyof typeof text.society.setup.presets;

export const presets: Readonly<Record<PresetName, Readonly<Record<string, unknown>>>> = {
  village: { grid: { rows: 4, columns: 4 }, "world.setting": "half_half", interaction: "local", peers: 4, rounds: 4 },
  pair: { grid: { rows: 2, columns: 2 }, "world.setting": "half_half", interaction: "global", peers: 3, rounds: 2 },
  // Paper, section 4: 10 × 10 in the main experiments.
  large: {
    grid: { rows: 10, columns: 10 },
    "world.setting": "mixed_half_half",
    interaction: "local",
    peers: 4,
    rounds: 10,
  },
  self: { grid: { rows: 1, columns: 1 }, "world.setting": "all_good", interaction: "local", peers: 0, rounds: 10 },
  harsh: { grid: { rows: 4, columns: 4 }, "world.setting": "all_bad", interaction: "local", peers: 4, rounds: 8 },
};
