/** Which model call of which agent is in flight: for whoever watches a society live. Written nowhere. */
import { z } from "zod";
import { callRoles } from "./interaction.ts";

export const move = z.object({
  /** From 1. */
  round: z.number().int(),
  /** Whose question is being worked on. */
  agent: z.number().int(),
  role: z.enum(callRoles),
  /** With `feedback`: who is asked; else null. */
  peer: z.number().int().nullable(),
  /** The call begins; false = it ended. */
  begins: z.boolean(),
});
export type Move = z.infer<typeof move>;
