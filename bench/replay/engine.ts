/**
 * An engine host that computes nothing: it replays a society of 100 agents at a given pace, so that what the service
 * itself costs can be measured. Pace by environment: REPLAY_MOVES (calls that begin or end per second),
 * REPLAY_INTERACTIONS (per second), REPLAY_SECONDS.
 */
import { implement } from "@orpc/server";
import { interactionRecord } from "../../core/contract/interaction.ts";
import { engineContract } from "../../core/contract/jobs.ts";
import { societyConfig } from "../../core/contract/society.ts";
import { jobStream } from "../../core/host/jobStream.ts";
import { MoveFeed } from "../../core/host/moveFeed.ts";
import { type HostContext, serveHost } from "../../core/host/serveHost.ts";
import { RunDirectory } from "../../core/workspace/runDirectory.ts";
import { makeInteractions } from "../../test/support/interactions.ts";

const pace = (name: string) => Number(process.env[name] ?? 1);
const feed = new MoveFeed();
const os = implement(engineContract).$context<HostContext>();

const run = os.society.run.handler(({ input: { config, directory }, context, signal }) =>
  jobStream(
    async (emit, stop) => {
      const opened = await RunDirectory.openOrCreate(directory, { config, schema: societyConfig, files: [] });
      await using folder = opened.run;
      emit({ type: "started", run: folder.id, directory, resumed: false });
      const journal = await folder.journal("interactions", interactionRecord);
      const records = makeInteractions({ run: folder.id, seed: 1, agents: 100, rounds: 10_000, words: 120 });
      const started = performance.now();
      let [moves, interactions] = [0, 0];
      while (!stop.aborted) {
        const seconds = (performance.now() - started) / 1000;
        if (seconds > pace("REPLAY_SECONDS")) break;
        for (; moves < seconds * pace("REPLAY_MOVES"); moves++)
          feed.push({
            round: 1,
            agent: moves % 100,
            role: "feedback",
            peer: (moves >> 1) % 100,
            begins: moves % 2 === 0,
          });
        for (; interactions < seconds * pace("REPLAY_INTERACTIONS"); interactions++) {
          const { value: record } = records.next();
          if (record === undefined) break;
          await journal.append([record]);
          emit({ type: "interaction", record, seconds: 1, completionTokens: 100 });
          emit({
            type: "progress",
            stage: "society",
            done: interactions + 1,
            total: null,
            unit: "interactions",
            rate: 1,
            secondsLeft: null,
          });
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      feed.end();
      return { moves, interactions };
    },
    context,
    signal,
  ),
);

serveHost({
  router: {
    society: {
      run,
      moves: os.society.moves.handler(({ signal }) => feed.watch(signal)),
      control: os.society.control.handler(() => ({ state: "running" as const })),
    },
    memory: os.memory.handler(() => ({ resident: process.memoryUsage.rss() })),
  } as never,
});
