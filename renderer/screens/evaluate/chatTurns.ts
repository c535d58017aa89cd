/** A conversation with two sides, as events build it up. */
import type { ChatEvent, Side } from "../../../core/contract/workbench/chat.ts";

export interface ChatAnswer {
  readonly text: string;
  /** Null while it is being written. */
  readonly end: Extract<ChatEvent, { type: "end" }> | null;
}

export interface ChatTurn {
  readonly id: number;
  readonly prompt: string;
  readonly answers: Readonly<Record<Side, ChatAnswer>>;
}

const silent: ChatAnswer = { text: "", end: null };

export function newTurn(id: number, prompt: string): ChatTurn {
  return { id, prompt, answers: { base: silent, aligned: silent } };
}

/** The turn after one more event; other sides stay the same objects. */
export function afterEvent(turn: ChatTurn, event: ChatEvent): ChatTurn {
  const answer = turn.answers[event.side];
  const next = event.type === "text" ? { ...answer, text: answer.text + event.text } : { ...answer, end: event };
  return { ...turn, answers: { ...turn.answers, [event.side]: next } };
}

/** The turn after its stream broke: whatever is unfinished is so for good. */
export function brokenOff(turn: ChatTurn): ChatTurn {
  const close = (side: Side): ChatAnswer =>
    turn.answers[side].end !== null
      ? turn.answers[side]
      : {
          ...turn.answers[side],
          end: { type: "end", side, promptTokens: 0, completionTokens: 0, seconds: 0, reason: "stopped" },
        };
  return { ...turn, answers: { base: close("base"), aligned: close("aligned") } };
}
