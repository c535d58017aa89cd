export const society = { stepShort: "Step" } as const;
