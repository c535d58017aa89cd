/** A thread of this process with typed calls, for what would hold up everybody else: SQLite, reading whole journals. */
import { MessageChannel, type MessagePort, Worker, workerData } from "node:worker_threads";
import { type ClientLink, createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/message-port";
import type { AnyRouter, RouterClient } from "@orpc/server";
import { RPCHandler } from "@orpc/server/message-port";
import { FolkmootError } from "../contract/errors.ts";
import { fromWireError, toWireError } from "./errors.ts";

export interface Thread<Router extends AnyRouter> extends AsyncDisposable {
  /** Survives the thread: a call after its end starts a new one. Fails with FolkmootErrors. */
  readonly client: RouterClient<Router>;
  dispose(): Promise<void>;
}

interface RunningThread {
  readonly worker: Worker;
  readonly link: RPCLink<Record<never, never>>;
}

/** @param entry module that calls `serveThread`; its extension may be `.ts` (sources) or `.js` (a build) */
export function startThread<Router extends AnyRouter>(
  entry: URL,
  data: object = {},
  /** Called when the thread ended and nobody asked for it. */
  onEnd: () => void = () => {},
): Thread<Router> {
  let current: RunningThread | null = null;
  let disposed = false;
  const running = (): RunningThread => {
    if (disposed)
      throw new FolkmootError("cancelled", { message: "The workbench was closed.", action: "Open it again." });
    if (current !== null) return current;
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(entry, { workerData: { ...data, port: port2 }, transferList: [port2] });
    let thread: RunningThread | null = null;
    const forget = () => {
      if (thread === null || current !== thread) return;
      current = null;
      port1.close();
      if (!disposed) onEnd();
    };
    // Before oRPC's own listener: whoever asks again after a call was rejected gets a new thread.
    port1.once("close", forget);
    worker.once("exit", forget);
    worker.once("error", forget);
    thread = { worker, link: new RPCLink({ port: port1 }) };
    port1.start();
    current = thread;
    return thread;
  };
  const link: ClientLink<Record<never, never>> = {
    call: async (path, input, options) => {
      try {
        return await running().link.call(path, input, options);
      } catch (error) {
        throw fromWireError(error);
      }
    },
  };
  const dispose = async () => {
    disposed = true;
    await current?.worker.terminate();
  };
  return { client: createORPCClient(link) as RouterClient<Router>, dispose, [Symbol.asyncDispose]: dispose };
}

/** What `startThread` was given. */
export function threadData<Data extends object>(): Data {
  return workerData as Data;
}

/** In the thread: answers calls until it is ended. */
export function serveThread(router: AnyRouter): void {
  const { port } = threadData<{ port: MessagePort }>();
  const handler = new RPCHandler(router as never, {
    clientInterceptors: [
      ({ next }: { next: () => Promise<unknown> }) =>
        next().catch((error: unknown) => Promise.reject(toWireError(error))),
    ],
  });
  handler.upgrade(port);
  port.start();
}

/** The entry beside the module at `url`, with that module's own extension. */
export function entryBeside(url: string, name: string): URL {
  return new URL(`./${name}${url.slice(url.lastIndexOf("."))}`, url);
}
