/**
 * One round: every agent once, all at the same time. All read the state at the start of the round; records go to the
 * journal in agent order as soon as everything before them is finished.
 */
import type { InteractionRecord } from "../contract/interaction.ts";
import type { Move } from "../contract/moves.ts";
import { type CallGate, stopped } from "./callGate.ts";
import { InOrderWriter } from "./inOrder.ts";
import { runInteraction } from "./interaction.ts";
import type { Society } from "./society.ts";
import { type Agent, choosePeers } from "./world.ts";

export interface FinishedInteraction {
  readonly record: InteractionRecord;
  /** From the start of its first model call to the end of its last. */
  readonly seconds: number;
  readonly reasonsLeftOut: number;
}

export interface RoundSetting {
  readonly run: string;
  readonly society: Society;
  readonly round: number;
  /** Agents already finished: the first so many. */
  readonly finished: number;
  readonly gate: CallGate;
  /** Aborted by `stop` too. */
  readonly signal: AbortSignal;
  /** Ends all other work of the round when one interaction fails. */
  readonly stop: () => void;
  /** Called with batches in agent order, one at a time. */
  readonly write: (batch: readonly FinishedInteraction[]) => Promise<void>;
  /** Seconds of a clock that only rises. */
  readonly now: () => number;
  readonly onMove?: ((move: Move) => void) | undefined;
}

/** Resolves when all are written. Rejects with the first failure after all work has ended; `cancelled` on a stop. */
export async function runRound(setting: RoundSetting): Promise<void> {
  const { society, finished, gate } = setting;
  const writer = new InOrderWriter(finished, setting.write);
  const pending = society.agents.slice(finished);
  const place = (agent: Agent) => (setting.round - 1) * society.agents.length + agent.id;
  for (const agent of pending) gate.open(place(agent));
  let failure: unknown;
  const ended = pending.map(async (agent) => {
    try {
      const result = await timedInteraction(setting, agent, place(agent));
      gate.close(place(agent));
      await writer.offer(agent.id, result);
    } catch (error) {
      failure ??= error;
      gate.close(place(agent));
      setting.stop();
    }
  });
  await Promise.all(ended);
  if (failure !== undefined) throw failure;
  if (setting.signal.aborted) throw stopped();
}

async function timedInteraction(setting: RoundSetting, agent: Agent, place: number): Promise<FinishedInteraction> {
  const { society, round, gate, signal, now } = setting;
  const question = society.questions.at(round, agent.id);
  let started: number | undefined;
  let ranked: ReturnType<Society["index"]["rank"]> | undefined;
  const outcome = await runInteraction({
    run: setting.run,
    config: society.config,
    round,
    agent,
    question,
    peers: choosePeers(society.config, round, agent.id).map((id) => society.agents[id] ?? agent),
    recall: (id) => {
      ranked ??= society.index.rank(question);
      return society.memories[id]?.recall(ranked) ?? null;
    },
    modelOf: society.modelOf,
    observer: society.observer,
    signal,
    turn: (call, { role, peer }) =>
      gate.run(place, async () => {
        started ??= now();
        const move = { round, agent: agent.id, role, peer };
        setting.onMove?.({ ...move, begins: true });
        try {
          return await call();
        } finally {
          setting.onMove?.({ ...move, begins: false });
        }
      }),
  });
  return { ...outcome, seconds: now() - (started ?? now()) };
}
