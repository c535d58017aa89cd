/** The stream of a live run, played in real time: a society that moves, an alignment that steps, a demo that waits. */
import type { JobFrame, LiveEvent, RunSnapshot } from "../../../core/contract/workbench/runs.ts";
import { randomStream } from "../../../core/random.ts";
import { metricsLineAt } from "./recordedAlign.ts";
import { pause } from "./recordedService.ts";
import { agentStates, brief, type RecordedWorld } from "./recordedWorld.ts";

export async function* recordedLive(
  world: RecordedWorld,
  job: string,
  epoch: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobFrame> {
  let seq = 1;
  const frame = (events: LiveEvent[], reset = false): JobFrame => ({ position: { epoch, seq: seq++ }, reset, events });
  const summary = world.runs.find((run) => run.run === job);
  const agents = agentStates(world);
  const empty: RunSnapshot = {
    state: summary?.state ?? "running",
    error: summary?.error ?? null,
    waitsFor: null,
    actions: summary?.actions ?? [],
    progress: summary?.progress ?? null,
    warnings: [],
    result: null,
    society: null,
    align: null,
    demo: null,
  };
  if (summary?.kind === "society") {
    const rounds = Array.from({ length: 12 }, (_, index) => ({
      round: index + 1,
      alignment: 3.1 + 2.4 * (1 - Math.exp(-index / 4)) + Math.sin(index) * 0.08,
      engagement: 3.6 + 1.4 * (1 - Math.exp(-index / 5)) + Math.cos(index) * 0.06,
      recallShare: Math.min(0.6, index * 0.06),
      unparsedRatings: 0,
    }));
    yield frame(
      [
        {
          type: "snapshot",
          snapshot: {
            ...empty,
            society: {
              agents,
              rounds,
              recent: world.rows.slice(0, 60).map(brief),
              interactions: 820,
              ratings: [12, 31, 88, 160, 240, 201, 88],
            },
          },
        },
      ],
      true,
    );
    const random = randomStream(5, job);
    const moves = ["draft", "observer", "feedback", "feedback", "revision", "observer", "idle"] as const;
    const at = agents.map(() => random.integer(moves.length));
    let next = 60;
    while (!signal?.aborted && summary.state === "running") {
      await pause(1000 / 30);
      const events: LiveEvent[] = [];
      for (let n = 0; n < Math.ceil(agents.length / 20); n++) {
        const agent = random.integer(agents.length);
        at[agent] = ((at[agent] ?? 0) + 1) % moves.length;
        const move = moves[at[agent] ?? 0] ?? "idle";
        const columns = world.grid;
        events.push({
          type: "move",
          agent,
          round: 13,
          move,
          peers:
            move === "feedback"
              ? [agent - 1, agent + 1, agent - columns, agent + columns].filter((p) => p >= 0 && p < agents.length)
              : [],
        });
        const row = world.rows[next % world.rows.length];
        if (move === "idle" && row !== undefined) {
          events.push({ type: "interaction", interaction: { ...brief(row), id: `r13-a${agent}-${next}`, agent } });
          next++;
        }
      }
      yield frame(events);
    }
  } else if (summary?.kind === "align") {
    yield frame(
      [
        {
          type: "snapshot",
          snapshot: {
            ...empty,
            align: {
              step: world.steps,
              evaluations: Array.from({ length: 20 }, (_, i) => ({
                step: Math.max(1, Math.round((world.steps * (i + 1)) / 20)),
                loss: 1.6 + 1.3 * Math.exp(-i / 6),
                accuracy: 0.5 + 0.4 * (1 - Math.exp(-i / 6)),
              })),
              checkpoints: [1, 2, 3, 4].map((n) => ({
                step: Math.round((world.steps * n) / 5),
                at: world.now - n * 60_000,
              })),
            },
          },
        },
      ],
      true,
    );
    let step = world.steps;
    while (!signal?.aborted && summary.state === "running") {
      await pause(200);
      step++;
      yield frame([{ type: "metrics", line: metricsLineAt(step), seconds: 0.4 }]);
    }
  } else if (world.jobs.some((one) => one.job === job))
    yield frame(
      [
        {
          type: "snapshot",
          snapshot: {
            ...empty,
            demo: {
              stations: [
                { station: "society", state: "finished", job: "village-3", seconds: 128 },
                { station: "data", state: "finished", job: null, seconds: 2 },
                { station: "align", state: "running", job: "align-2", seconds: null },
                { station: "evaluate", state: "waiting", job: null, seconds: null },
                { station: "exportAdapter", state: "waiting", job: null, seconds: null },
                { station: "exportMerged", state: "waiting", job: null, seconds: null },
              ],
            },
          },
        },
      ],
      true,
    );
  else yield frame([{ type: "snapshot", snapshot: empty }], true);
  await new Promise((resolve) => signal?.addEventListener("abort", resolve));
}
