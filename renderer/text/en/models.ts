export const models = {
  addFirst: "Add a model first …",
  noAdapter: "No adapter (bare model)",
  measured: "Measured",
  rank: (rank: number) => `rank ${rank}`,
} as const;
