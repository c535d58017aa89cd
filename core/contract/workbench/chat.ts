/** The same prompt to base and aligned, side by side, on one copy of the weights. */
import { eventIterator } from "@orpc/contract";
import { z } from "zod";
import { type TalkEvent, talkEvent, talkSides } from "../jobs.ts";
import { promptFormat, sampling } from "../society.ts";
import { procedure } from "./common.ts";

export const sides = talkSides;
export type Side = (typeof sides)[number];
export const chatEvent = talkEvent;
export type ChatEvent = TalkEvent;

export const chatSession = z.object({
  session: z.string(),
  model: z.string(),
  adapter: z.string().nullable(),
  sides: z.array(z.enum(sides)),
  contextSize: z.number().int(),
  /** Set where this context is not the one that the adapter was trained for, or nobody can know. */
  warning: z.string().nullable(),
});

export const chatContract = {
  chat: {
    /**
     * Loads the model once and answers with the bare weights and, where an adapter is given, with the adapter as well.
     * Replaces the session that was open. `device-busy` while training runs.
     */
    open: procedure
      .input(
        z.object({
          model: z.string(),
          adapter: z.string().nullable().default(null),
          promptFormat: promptFormat.default("template"),
          /**
           * Tokens per side; null = the usual ones, with the RoPE factors that the adapter was trained with. `bad-setting`
           * above what the model was trained on.
           */
          contextSize: z.number().int().positive().nullable().default(null),
        }),
      )
      .output(chatSession),
    /** Every message stands by itself, as in training and evaluation. Both sides get the same seed. Ends with the last `end`. */
    send: procedure
      .input(
        z.object({
          session: z.string(),
          text: z.string().min(1).max(100_000),
          sampling: sampling.prefault({}),
          seed: z.number().int().min(0).max(0xffffffff).default(1),
        }),
      )
      .output(eventIterator(chatEvent)),
    /** Both sides end with `stopped`; what was said stays. */
    stop: procedure.input(z.object({ session: z.string() })).output(z.object({})),
    /** Unloads the model. */
    close: procedure.input(z.object({ session: z.string() })).output(z.object({})),
    /** The open session; null when none is (closed, or unloaded because training took the device). */
    current: procedure.output(chatSession.nullable()),
  },
};
