/** The child's side: answers the contract over the port, ends in order, and never outlives its parent. */
import type { AnyContractRouter } from "@orpc/contract";
import type { Router } from "@orpc/server";
import { RPCHandler } from "@orpc/server/message-port";
import { toWireError } from "./errors.ts";
import { HostJobs } from "./hostJobs.ts";
import { type HostPort, parentPort } from "./port.ts";

/** What every procedure of a host is given. */
export interface HostContext {
  /** Aborts when the host is asked to end. */
  readonly shutdown: AbortSignal;
  /** Makes the end of the host wait for `job`. */
  track(job: Promise<unknown>): void;
  /** As `HostJobs.settled`. */
  settled(): Promise<void>;
}

export interface HostRouter {
  readonly router: Router<AnyContractRouter, HostContext>;
}

/** Longest wait for running jobs to notice that they should stop, milliseconds. */
const windDownMs = 4_000;

/** Serves until the parent says `shutdown` (ends in order, exit 0) or is gone (ends at once). */
export function serveHost(host: HostRouter, port: HostPort = parentPort()): void {
  const jobs = new HostJobs();
  const stop = new AbortController();
  const context: HostContext = {
    shutdown: stop.signal,
    track: (job) => jobs.track(job),
    settled: () => jobs.settled(),
  };
  const handler = new RPCHandler<HostContext>(host.router, {
    // An error that is no ORPCError would lose everything but "Internal server error" on the way.
    clientInterceptors: [({ next }) => next().catch((error: unknown) => Promise.reject(toWireError(error)))],
  });
  handler.upgrade(port.rpc, { context });

  // A parent killed by force closes the channel. What is on disk is safe at every moment, so ending at once loses
  // nothing, while a native thread in the middle of a computation could hold up an orderly exit for long.
  port.onClose(() => process.kill(process.pid, "SIGKILL"));
  // Ctrl+C and a closing terminal reach the whole process group; the parent decides what they mean and says so here,
  // so that work in flight ends at a checkpoint.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  port.onControl((message) => {
    if (message !== "shutdown") return;
    stop.abort();
    void jobs.windDown(windDownMs).then(() => process.exit(0));
  });
  port.control("ready");
}
