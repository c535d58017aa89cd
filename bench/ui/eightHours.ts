/**
 * Eight hours of a society of 100 agents as the service would have sent them, as fast as the page takes them:
 * `eightHours.ts <hours>`. A server of its own with the built page; says `{ url }`.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { implement } from "@orpc/server";
import { RPCHandler } from "@orpc/server/ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { AgentMove, InteractionBrief, LiveEvent } from "../../core/contract/workbench/runs.ts";
import { workbenchContract } from "../../core/contract/workbench.ts";
import { openPageFiles } from "../../core/page/pageFiles.ts";
import { randomStream } from "../../core/random.ts";
import { emptySnapshot } from "../../core/workbench/liveRun.ts";
import { recordedService } from "../../test/support/renderer/recordedService.ts";
import { recordedWorld } from "../../test/support/renderer/recordedWorld.ts";

const agents = 100;
/** The pace of a fast engine, as in bench/serveForwarding.ts; frames are the most that the service sends. */
const perSecond = { frames: 30, moves: 400, interactions: 10 };
/** Bytes under way to the page; more would only lie in this process. */
const mostWaiting = 1_000_000;

const hours = Number(process.argv[2] ?? 8);
const run = "village-3";
const moves: readonly AgentMove[] = ["draft", "observer", "feedback", "revision", "idle"];

function* frames() {
  const random = randomStream(1, "eight hours");
  const identity = (id: number) => ({
    id,
    row: Math.floor(id / 10),
    column: id % 10,
    label: id % 2 === 0 ? ("good" as const) : ("bad" as const),
  });
  const states = Array.from({ length: agents }, (_, id) => ({
    agent: identity(id),
    move: "idle" as const,
    peers: [],
    last: null,
  }));
  const society = { agents: states, rounds: [], recent: [], interactions: 0, ratings: [0, 0, 0, 0, 0, 0, 0] };
  yield [
    { type: "snapshot", snapshot: { ...emptySnapshot, state: "running", actions: ["pause", "stop"], society } },
  ] satisfies LiveEvent[];
  let [done, moved] = [0, 0];
  const total = hours * 3600 * perSecond.frames;
  for (let frame = 1; frame <= total; frame++) {
    const seconds = frame / perSecond.frames;
    const events: LiveEvent[] = [];
    for (; moved < seconds * perSecond.moves; moved++)
      events.push({
        type: "move",
        agent: random.integer(agents),
        round: 1 + Math.floor(done / agents),
        move: moves[moved % moves.length] ?? "idle",
        peers: moved % moves.length === 2 ? [1, 2, 3, 4].map(() => random.integer(agents)) : [],
      });
    for (; done < seconds * perSecond.interactions; done++) {
      events.push({ type: "interaction", interaction: brief(done, random.integer(7), random.integer(7)) });
      if ((done + 1) % agents === 0)
        events.push({
          type: "round",
          round: (done + 1) / agents,
          alignment: 3 + 3 * (1 - Math.exp(-done / 50_000)) + random.normal() * 0.1,
          engagement: 4 + random.normal() * 0.1,
          recallShare: 0.5,
          unparsedRatings: 0,
        });
    }
    const progress = { stage: "society", done, total: null, unit: "interactions", rate: perSecond.interactions };
    events.push({ type: "progress", ...progress, secondsLeft: null });
    yield events;
  }
  yield [{ type: "state", state: "finished", error: null, waitsFor: null, actions: [] }] satisfies LiveEvent[];
}

function brief(index: number, before: number, after: number): InteractionBrief {
  const [round, agent] = [1 + Math.floor(index / agents), index % agents];
  return {
    id: `r${round}-a${agent}`,
    round,
    agent,
    question: `The ladder ${index} broke in my hands, and Oskar wants it by night. What should I do?`,
    before: { alignment: 1 + before, engagement: 4 },
    after: { alignment: 1 + after, engagement: 5 },
    gain: after - before,
    feedback: [1, 2, 3, 4].map((peer) => ({ peer, rating: 1 + ((index + peer) % 7) })),
    recalled: index % 2 === 0,
    seconds: 4.2,
    completionTokens: 120,
  };
}

const world = recordedWorld({ empty: false, interactions: 200, steps: 100, grid: 10, theme: "dark" });
const os = implement(workbenchContract).$context<{ readonly line: WebSocket }>();
const recorded = recordedService(world);
const router = {
  ...recorded,
  jobs: {
    ...recorded.jobs,
    watch: os.jobs.watch.handler(async function* ({ input, context: { line } }) {
      if (input.job !== run) return;
      let seq = 1;
      for (const events of frames()) {
        while (line.bufferedAmount > mostWaiting) await new Promise((resolve) => setTimeout(resolve, 2));
        yield { position: { epoch: "recorded", seq }, reset: seq++ === 1, events };
      }
      await new Promise(() => {});
    }),
  },
};

const files = await openPageFiles(join(import.meta.dirname, "..", "..", "dist", "renderer"));
const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://page");
  const found = await files.respond(request.method ?? "GET", pathname);
  response.writeHead(found.status, found.headers).end(found.body);
});
const sockets = new WebSocketServer({ server, path: "/rpc", perMessageDeflate: false });
const handler = new RPCHandler<{ readonly line: WebSocket }>(router);
sockets.on("connection", (line) => void handler.upgrade(line, { context: { line } }));
server.listen(0, "127.0.0.1", () =>
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }),
);
process.on("message", () => process.exit());
