/** `utilityProcess`: a real process with Electron's message pipe in place of Node's channel. */
import { type ChildProcess, fork } from "node:child_process";
import { EventEmitter } from "node:events";
import { constants } from "node:os";
import type { Readable } from "node:stream";

interface ForkOptions {
  readonly env?: Record<string, string>;
  readonly serviceName?: string;
  readonly stdio?: readonly string[];
}

const running = new Set<ChildProcess>();
/** Heard by `app`. */
export const processEvents = new EventEmitter();

class UtilityProcess extends EventEmitter {
  pid: number | undefined;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  private readonly child: ChildProcess;
  private ended = false;

  constructor(path: string, args: readonly string[], { env, serviceName, stdio = [] }: ForkOptions) {
    super();
    const child = fork(path, args, {
      serialization: "advanced",
      stdio: ["ignore", stdio[1] === "pipe" ? "pipe" : "ignore", stdio[2] === "pipe" ? "pipe" : "inherit", "ipc"],
      execArgv: ["--import", new URL("./utilityChild.ts", import.meta.url).href],
      ...(env === undefined ? {} : { env }),
    });
    this.child = child;
    running.add(child);
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    // Electron knows the process id only once the process has spawned.
    child.once("spawn", () => {
      this.pid = child.pid;
      this.emit("spawn");
    });
    child.on("message", (message) => this.emit("message", message));
    child.once("exit", (code, signal) => {
      running.delete(child);
      this.ended = true;
      const status = signal === null ? (code ?? 1) : constants.signals[signal];
      const name = serviceName ?? "Node Utility Process";
      if (status !== 0) {
        const reason = signal === "SIGKILL" ? "killed" : signal === null ? "abnormal-exit" : "crashed";
        processEvents.emit("gone", { type: "Utility", name, serviceName: name, reason, exitCode: status });
      }
      this.emit("exit", status);
      this.pid = undefined;
    });
  }

  postMessage(message: unknown): void {
    // The real one brings main down here in some versions (electron#53923).
    if (this.ended) throw new Error("postMessage after the end of the process");
    this.child.send(structuredClone(message) as object, () => {});
  }

  kill(): boolean {
    return !this.ended && this.child.kill("SIGTERM");
  }
}

export const utilityProcess = {
  fork: (path: string, args: readonly string[] = [], options: ForkOptions = {}) =>
    new UtilityProcess(path, args, options),
};

/** They end with main. */
export function killUtilities(): void {
  for (const child of running) child.kill("SIGKILL");
}
