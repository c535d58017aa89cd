/** How many tokens the rows of a training have: all that its memory depends on. */
import { z } from "zod";

const count = z.number().int().positive();

/** Tokens of a query and of its responses, those at the ends included; `scores` are parallel to the responses. */
export const rowSize = z.object({ query: count, responses: z.array(count).min(1), scores: z.array(z.number()) });
export type RowSize = z.infer<typeof rowSize>;

export const rowSizes = z.object({ training: z.array(rowSize), evaluation: z.array(rowSize) });
export type RowSizes = z.infer<typeof rowSizes>;
