import { useCallback, useEffect, useRef, useState } from "react";
import { useRequest, useWorkbench } from "../../app/hooks.ts";
import type { ChatSession } from "../../contractTypes.ts";
import { afterEvent, brokenOff, type ChatTurn, newTurn } from "./chatTurns.ts";

export type { ChatTurn } from "./chatTurns.ts";

export interface Chat {
  readonly session: ChatSession | null;
  /** Whether one is open was answered. */
  readonly known: boolean;
  /** What the session was asked for here, tokens; null = as the adapter was trained. */
  readonly askedContext: number | null;
  readonly opening: boolean;
  readonly answering: boolean;
  readonly turns: readonly ChatTurn[];
  /** @param contextSize tokens; null = as the adapter was trained */
  readonly open: (model: string, adapter: string | null, contextSize: number | null) => Promise<void>;
  readonly close: () => Promise<void>;
  readonly send: (prompt: string, options: { temperature: number; maxTokens: number; seed: number }) => void;
  readonly stop: () => Promise<void>;
}

/** The one chat session of the service. Leaving the screen ends the answer in progress, not the session. */
export function useChat(): Chat {
  const workbench = useWorkbench();
  const { client } = workbench;
  const current = useRequest(() => client.chat.current(), []);
  const [session, setSession] = useState<ChatSession | null>(null);
  const [askedContext, setAskedContext] = useState<number | null>(null);
  const [opening, setOpening] = useState(false);
  const [turns, setTurns] = useState<readonly ChatTurn[]>([]);
  const [answering, setAnswering] = useState(false);
  const leave = useRef(new AbortController());
  const [known, setKnown] = useState(false);
  useEffect(() => {
    if (current.loading) return;
    setSession((open) => open ?? current.data);
    setKnown(true);
  }, [current.loading, current.data]);
  useEffect(() => {
    leave.current = new AbortController();
    return () => leave.current.abort();
  }, []);

  const open: Chat["open"] = async (model, adapter, contextSize) => {
    setOpening(true);
    const opened = await workbench.attempt(() => client.chat.open({ model, adapter, contextSize }));
    setOpening(false);
    if (opened === null) return;
    setSession(opened);
    setAskedContext(contextSize);
    setTurns([]);
  };
  const close = async () => {
    if (session === null) return;
    await workbench.attempt(() => client.chat.close({ session: session.session }));
    setSession(null);
    setTurns([]);
  };
  const answer = useCallback(
    async (turn: ChatTurn, open: ChatSession, options: { temperature: number; maxTokens: number; seed: number }) => {
      const { seed, ...sampling } = options;
      const { signal } = leave.current;
      const update = (change: (known: ChatTurn) => ChatTurn) =>
        setTurns((known) => known.map((one) => (one.id === turn.id ? change(one) : one)));
      try {
        const events = await client.chat.send({ session: open.session, text: turn.prompt, sampling, seed }, { signal });
        for await (const event of events) update((known) => afterEvent(known, event));
      } catch (thrown) {
        if (!signal.aborted) workbench.report(thrown);
      }
      update((known) => ({ ...brokenOff(known) }));
      setAnswering(false);
    },
    [client, workbench],
  );
  const send: Chat["send"] = (prompt, options) => {
    if (session === null || answering) return;
    const turn = newTurn((turns.at(-1)?.id ?? 0) + 1, prompt);
    setTurns([...turns, turn]);
    setAnswering(true);
    void answer(turn, session, options);
  };
  const stop = async () => {
    if (session !== null) await workbench.attempt(() => client.chat.stop({ session: session.session }));
  };
  return { session, known, askedContext, opening, answering, turns, open, close, send, stop };
}
