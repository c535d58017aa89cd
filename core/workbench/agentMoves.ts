/** From calls that begin and end to what each agent is doing. */
import type { Move } from "../contract/moves.ts";
import type { AgentMove } from "../contract/workbench/runs.ts";

export interface AgentActivity {
  readonly agent: number;
  readonly round: number;
  readonly move: AgentMove;
  /** With `feedback`: who is being asked. */
  readonly peers: number[];
}

export class AgentMoves {
  /** Calls in flight by agent. */
  private readonly agents = new Map<number, Move[]>();
  private count = 0;

  /** Calls in flight, of all agents. */
  get inFlight(): number {
    return this.count;
  }

  /** What the agents of these moves do after them; every agent once. */
  apply(moves: readonly Move[]): AgentActivity[] {
    const rounds = new Map<number, number>();
    for (const move of moves) {
      const calls = this.agents.get(move.agent) ?? [];
      this.agents.set(move.agent, calls);
      rounds.set(move.agent, move.round);
      if (move.begins) {
        calls.push(move);
        this.count++;
        continue;
      }
      const at = calls.findIndex(({ role, peer }) => role === move.role && peer === move.peer);
      if (at === -1) continue;
      calls.splice(at, 1);
      this.count--;
    }
    return [...rounds].map(([agent, round]) => ({ agent, round, ...activityOf(this.agents.get(agent) ?? []) }));
  }

  /** Nothing is in flight any more; the agents that were busy. */
  clear(): AgentActivity[] {
    const busy = [...this.agents].filter(([, calls]) => calls.length > 0);
    this.agents.clear();
    this.count = 0;
    return busy.map(([agent, calls]) => ({ agent, round: calls[0]?.round ?? 1, move: "idle", peers: [] }));
  }
}

/** Peers and observer look at a draft at the same time; the peers are what a person wants to see. */
function activityOf(calls: readonly Move[]): { move: AgentMove; peers: number[] } {
  const peers = calls.filter(({ role }) => role === "feedback").map(({ peer }) => peer ?? -1);
  if (peers.length > 0) return { move: "feedback", peers };
  const role = calls.at(-1)?.role;
  if (role === undefined) return { move: "idle", peers };
  return { move: role === "draft" || role === "revision" ? role : "observer", peers };
}
