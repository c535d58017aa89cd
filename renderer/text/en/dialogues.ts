export const dialogues = {} as const;
