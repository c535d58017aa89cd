/** Utility processes of main: started, connected to a port, ended; and what their end meant. */
import { fileURLToPath } from "node:url";
import { app, type Details, type UtilityProcess, utilityProcess } from "electron";
import { mainPidVariable } from "../core/host/port.ts";
import type { HostEnd } from "../core/host/spawnHost.ts";
import { hostEnd } from "./hostEnd.ts";

/** How long the reason of an end may come after the end itself, milliseconds. */
const reasonMs = 200;

export interface UtilityOptions {
  /** Name in the system's list and in reports, e.g. `folkmoot-engine`. */
  readonly name: string;
  /** Entry file, `file:` URL. */
  readonly entry: URL;
  /** The whole environment; default: main's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly onStderr: (text: string) => void;
}

export interface Utility {
  readonly child: UtilityProcess;
  /** Resolves with the process id; undefined when it never ran. */
  readonly spawned: Promise<number | undefined>;
  /** Never rejects. */
  readonly ended: Promise<HostEnd>;
  /** Does nothing once the process has ended: to post then crashes main in some versions (electron#53923). */
  readonly post: UtilityProcess["postMessage"];
  /** Ends it by force. */
  kill(): void;
}

export function startUtility({ name, entry, env, onStderr }: UtilityOptions): Utility {
  const child = utilityProcess.fork(fileURLToPath(entry), [], {
    serviceName: name,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...definedOnly(env ?? process.env), [mainPidVariable]: String(process.pid) },
  });
  child.stderr?.on("data", (data: Buffer) => onStderr(data.toString("utf8")));
  const reason = reasonOf(name);
  let running = true;
  let pid: number | undefined;
  const ended = new Promise<HostEnd>((resolve) => {
    child.once("exit", async (exitCode) => {
      running = false;
      resolve(hostEnd(exitCode, await reason.within(exitCode === 0 ? 0 : reasonMs)));
    });
  });
  const spawned = new Promise<number | undefined>((resolve) => {
    child.once("spawn", () => {
      pid = child.pid;
      resolve(pid);
    });
    void ended.then(() => resolve(undefined));
  });
  return {
    child,
    spawned,
    ended,
    post: (message, transfer) => {
      if (running) child.postMessage(message, transfer);
    },
    kill: () => {
      // `child.kill()` asks politely, and a native computation may not listen.
      if (running && pid !== undefined) process.kill(pid, "SIGKILL");
      else if (running) void spawned.then((id) => running && id !== undefined && process.kill(id, "SIGKILL"));
    },
  };
}

/** Electron's `exit` has a number only; why a process ended is an event of the app. */
function reasonOf(name: string): { within(milliseconds: number): Promise<Details["reason"] | null> } {
  let known: Details["reason"] | null = null;
  let wake: () => void = () => {};
  const listener = (_event: unknown, details: Details) => {
    if (details.serviceName !== name && details.name !== name) return;
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
