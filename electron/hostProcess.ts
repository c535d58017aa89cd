/** Engine and trainer host as Electron's utility processes: a native crash ends only them, and they end with main. */
import { fileURLToPath } from "node:url";
import { app, type Details, utilityProcess } from "electron";
import { hostPort } from "../core/host/port.ts";
import type { HostEnd, SpawnHost } from "../core/host/spawnHost.ts";
import { hostEnd } from "./hostEnd.ts";

/** How long the reason of an end may come after the end itself, milliseconds. */
const reasonMs = 200;

export const spawnUtility: SpawnHost = ({ kind, entry, env, onStderr }) => {
  const serviceName = `folkmoot-${kind}`;
  const child = utilityProcess.fork(fileURLToPath(entry), [], {
    serviceName,
    stdio: ["ignore", "ignore", "pipe"],
    env: definedOnly(env),
  });
  child.stderr?.on("data", (data: Buffer) => onStderr(data.toString("utf8")));
  const pid = new Promise<number | undefined>((resolve) => child.once("spawn", () => resolve(child.pid)));
  let running = true;
  let spawned: number | undefined;
  void pid.then((value) => {
    spawned = value;
  });

  const reason = reasonOf(serviceName);
  const closeListeners: (() => void)[] = [];
  const ended = new Promise<HostEnd>((resolve) => {
    child.once("exit", async (exitCode) => {
      // Before anything else: to post to a process that has ended crashes main in some versions (electron#53923).
      running = false;
      const end = hostEnd(exitCode, await reason.within(exitCode === 0 ? 0 : reasonMs));
      resolve(end);
      for (const listener of closeListeners) listener();
    });
  });
  return {
    get pid() {
      return running ? (child.pid ?? spawned) : undefined;
    },
    port: hostPort({
      send: (frame) => {
        if (running) child.postMessage(frame);
      },
      onFrame: (listener) => void child.on("message", listener),
      onClose: (listener) => void closeListeners.push(listener),
    }),
    ended,
    kill: () => {
      const id = child.pid ?? spawned;
      // `child.kill()` asks politely, and a native computation may not listen.
      if (running && id !== undefined) process.kill(id, "SIGKILL");
      else if (running) child.kill();
    },
  };
};

function reasonOf(serviceName: string): { within(milliseconds: number): Promise<Details["reason"] | null> } {
  let known: Details["reason"] | null = null;
  let wake: () => void = () => {};
  const listener = (_event: unknown, details: Details) => {
    if (details.serviceName !== serviceName && details.name !== serviceName) return;
    known = details.reason;
    wake();
  };
  app.on("child-process-gone", listener);
  return {
    within: async (milliseconds) => {
      if (known === null && milliseconds > 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, milliseconds).unref();
        });
      app.off("child-process-gone", listener);
      return known;
    },
  };
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined));
}
