/** Faces for tests: lines to a served workbench, and what a person would wait for. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/websocket";
import { WebSocket } from "ws";
import type { StreamPosition } from "../../core/contract/workbench/common.ts";
import type { LiveEvent, RunSnapshot } from "../../core/contract/workbench/runs.ts";
import type { WorkbenchClient } from "../../core/contract/workbench.ts";
import { applyEvent, emptySnapshot, isLive } from "../../core/workbench/liveRun.ts";
import { writeRandomModel } from "../../scripts/models/randomModel.ts";
import { checkedClient } from "./checkedContract.ts";

export interface Line extends Disposable {
  readonly client: WorkbenchClient;
  close(): void;
}

/** A real socket to the address that `serve` printed. */
export async function openLine(url: string): Promise<Line> {
  const { host, origin, search } = new URL(url);
  const socket = new WebSocket(`ws://${host}/rpc${search}`, { origin });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
  });
  const client = checkedClient(createORPCClient(new RPCLink({ websocket: socket as never })) as WorkbenchClient);
  const close = () => socket.terminate();
  return { client, close, [Symbol.dispose]: close };
}

export interface Watched {
  readonly snapshot: RunSnapshot;
  readonly events: LiveEvent[];
  readonly resets: number;
}

/** Watches a job to its end; `breaks` cuts the line after so many frames and comes back on a new one. */
export async function watchToEnd(url: string, job: string, breaks = Number.POSITIVE_INFINITY): Promise<Watched> {
  let [snapshot, position]: [RunSnapshot, StreamPosition | null] = [emptySnapshot, null];
  const events: LiveEvent[] = [];
  let resets = 0;
  for (;;) {
    using line = await openLine(url);
    let left = breaks;
    try {
      for await (const frame of await line.client.jobs.watch({ job, since: position })) {
        if (frame.reset) resets++;
        position = frame.position;
        for (const event of frame.events) {
          events.push(event);
          snapshot = applyEvent(snapshot, structuredClone(event));
        }
        if (!isLive(snapshot.state)) return { snapshot, events, resets };
        if (--left === 0) line.close();
      }
    } catch (error) {
      if (left > 0) throw error;
    }
  }
}

/** Resolves with the snapshot in which `isThere` holds. */
export async function watchUntil(
  client: WorkbenchClient,
  job: string,
  isThere: (snapshot: RunSnapshot) => boolean,
): Promise<RunSnapshot> {
  let snapshot = emptySnapshot;
  for await (const frame of await client.jobs.watch({ job }))
    for (const event of frame.events) {
      snapshot = applyEvent(snapshot, structuredClone(event));
      if (isThere(snapshot)) return snapshot;
      if (event.type === "state" && !isLive(event.state)) throw new Error(`${job} ended: ${JSON.stringify(event)}`);
    }
  throw new Error(`${job} ended before what was waited for: ${snapshot.state}`);
}

export interface Material {
  readonly model: string;
  readonly questions: string;
}

/** A model of two small layers that answers in nonsense, and a few questions. */
export async function writeMaterial(folder: string, layers = 2): Promise<Material> {
  const [model, questions] = [join(folder, "tiny.gguf"), join(folder, "questions.txt")];
  await writeRandomModel(model, {
    shape: { layers, embedding: 64, heads: 4, kvHeads: 2, feedForward: 128, contextLength: 512, tied: false },
    vocabularySize: 400,
    encoding: "F32",
    seed: 1,
  });
  await writeFile(
    questions,
    "What about the goat?\nWho owns the fence?\nShould I lie to Ada?\nMay I keep the purse?\n",
  );
  return { model, questions };
}

/** A small society of that model. */
export function smallSociety({ model, questions }: Material, over: object = {}) {
  return {
    grid: { rows: 2, columns: 3 },
    peers: 2,
    rounds: 3,
    questions: { path: questions },
    populations: [{ model }],
    sampling: { maxTokens: 12 },
    sequences: 4,
    ...over,
  };
}
