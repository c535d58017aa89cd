/** `utilityProcess`: a real process with Electron's message pipe in place of Node's channel. */
import { type ChildProcess, fork } from "node:child_process";
import { EventEmitter } from "node:events";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import type { MessagePortMain } from "./ports.ts";

interface ForkOptions {
  readonly env?: Record<string, string>;
  readonly serviceName?: string;
  readonly stdio?: readonly string[];
}

/** Between the stand-in's main and the loader of a child; ports are relayed, as a pipe carries none. */
export type ToChild =
  | { readonly type: "message"; readonly data: unknown; readonly ports: number[] }
  | { readonly type: "port"; readonly id: number; readonly data: unknown }
  | { readonly type: "port-closed"; readonly id: number };
export type FromChild =
  | { readonly type: "message"; readonly data: unknown }
  | { readonly type: "port"; readonly id: number; readonly data: unknown }
  | { readonly type: "port-closed"; readonly id: number };

const running = new Set<ChildProcess>();
/** Heard by `app`. */
export const processEvents = new EventEmitter();

class UtilityProcess extends EventEmitter {
  pid: number | undefined;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  private readonly child: ChildProcess;
  private ended = false;
  private readonly ports = new Map<number, MessagePortMain>();
  private portIds = 0;

  constructor(path: string, args: readonly string[], { env, serviceName, stdio = [] }: ForkOptions) {
    super();
    const child = fork(path, args, {
      serialization: "advanced",
      stdio: ["ignore", stdio[1] === "pipe" ? "pipe" : "ignore", stdio[2] === "pipe" ? "pipe" : "inherit", "ipc"],
      execArgv: ["--import", new URL("./utilityLoader.ts", import.meta.url).href],
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
    child.on("message", (message) => this.onMessage(message as FromChild));
    child.once("exit", (code, signal) => {
      running.delete(child);
      this.ended = true;
      for (const port of this.ports.values()) port.end();
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

  postMessage(message: unknown, transfer: readonly MessagePortMain[] = []): void {
    // The real one brings main down here in some versions (electron#53923).
    if (this.ended) throw new Error("postMessage after the end of the process");
    const ports = transfer.map((port) => {
      const id = this.portIds++;
      const near = port.moveTo({
        post: (data) => this.tell({ type: "port", id, data }),
        close: () => this.tell({ type: "port-closed", id }),
      });
      this.ports.set(id, near);
      return id;
    });
    this.tell({ type: "message", data: structuredClone(message), ports });
    for (const port of transfer) port.sendOn();
  }

  private tell(message: ToChild): void {
    if (!this.ended) this.child.send(message, () => {});
  }

  private onMessage(message: FromChild): void {
    if (message.type === "message") this.emit("message", message.data);
    else if (message.type === "port") this.ports.get(message.id)?.receive(message.data);
    else {
      this.ports.get(message.id)?.end();
      this.ports.delete(message.id);
    }
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
