export const align = {} as const;
