/** How a host process comes into being: by default a forked Node; Electron passes its utility process instead. */
import { fork } from "node:child_process";
import type { HostExit, HostKind } from "./crash.ts";
import { childPort, type HostPort } from "./port.ts";

export interface HostStart {
  readonly kind: HostKind;
  /** Entry file, `file:` URL. */
  readonly entry: URL;
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Everything the process writes to its standard error. */
  readonly onStderr: (text: string) => void;
}

export interface HostProcess {
  /** Process id; undefined before it runs and after it ended. */
  readonly pid: number | undefined;
  readonly port: HostPort;
  /** Resolves with how it ended, also when it could not be started; never rejects. Settled before `port` closes. */
  readonly ended: Promise<HostEnd>;
  /** Ends it by force. */
  kill(): void;
}

/** `failure`: why it could not be started. */
export type HostEnd = Omit<HostExit, "stderr"> & { readonly failure?: string };

export type SpawnHost = (start: HostStart) => HostProcess;

/** A child process of Node, with its IPC channel as the port. */
export const forkHost: SpawnHost = ({ entry, env, onStderr }) => {
  const child = fork(entry, [], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    execArgv: [],
    env: { ...env },
  });
  child.stderr?.setEncoding("utf8").on("data", onStderr);
  const ended = new Promise<HostEnd>((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, failure: String(error) }));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  return {
    get pid() {
      return child.pid;
    },
    port: childPort(child),
    ended,
    kill: () => void child.kill("SIGKILL"),
  };
};
