/**
 * One duplex pipe between a host process and whoever started it, with two kinds of frames: `rpc` (oRPC's own) and
 * `control` (start and end of the host). Runs over Node's IPC channel and over Electron's utility process alike.
 */
import type { ChildProcess } from "node:child_process";
import type { MessagePortMainLike } from "@orpc/client/message-port";

export type ControlMessage = "ready" | "shutdown";

export interface HostPort {
  /** The port that oRPC's adapters take. */
  readonly rpc: MessagePortMainLike;
  control(message: ControlMessage): void;
  onControl(listener: (message: ControlMessage) => void): void;
  /** The other side is gone; called once. */
  onClose(listener: () => void): void;
}

export interface Frame {
  readonly rpc?: unknown;
  readonly control?: ControlMessage;
}

/** Whatever carries frames: Node's IPC channel or Electron's message pipe. */
export interface Wire {
  send(frame: Frame): void;
  onFrame(listener: (frame: Frame) => void): void;
  onClose(listener: () => void): void;
}

/** The parent's end of a forked child. */
export function childPort(child: ChildProcess): HostPort {
  return hostPort({
    // A frame for a child that just died is lost with it; the exit itself is what gets reported.
    send: (frame) => void (child.connected && child.send(frame as object, () => {})),
    onFrame: (listener) => void child.on("message", (frame) => listener(frame as Frame)),
    onClose: (listener) => void child.once("exit", listener),
  });
}

/** A message port as Electron gives it to a utility process. */
interface ElectronPort {
  postMessage(message: unknown): void;
  on(event: "message", listener: (event: { data: unknown }) => void): void;
  start(): void;
}

/** Electron's utility process has `process.parentPort` instead of Node's IPC channel. */
interface ElectronParentPort {
  on(event: "message", listener: (event: { ports: readonly ElectronPort[] }) => void): void;
}

/** The child's end. Throws when the process was started by hand, without a parent to talk to. */
export function parentPort(): HostPort {
  const electron = (process as { parentPort?: ElectronParentPort }).parentPort;
  if (electron !== undefined) return hostPort(givenPort(electron));
  if (process.send === undefined) throw new Error("A Folkmoot host is started by the workbench, not by hand.");
  return hostPort({
    send: (frame) => void (process.connected && process.send?.(frame, undefined, undefined, () => {})),
    onFrame: (listener) => void process.on("message", (frame) => listener(frame as Frame)),
    onClose: (listener) => void process.once("disconnect", listener),
  });
}

/** How often a utility process looks whether main is still there, milliseconds. */
const parentCheckMs = 1_000;

/** Environment variable in which main tells its utility processes its own process id. */
export const mainPidVariable = "FOLKMOOT_MAIN_PID";

/**
 * A utility process has no channel whose end could be heard, and Chromium ends it with main only while its own thread
 * answers. The parent alone does not tell: on Linux it is a process between the two, and who starts as an orphan never
 * had another one.
 */
export function onParentGone(listener: () => void): void {
  const parent = process.ppid;
  const main = Number(process.env[mainPidVariable]) || parent;
  const look = () => {
    if (process.ppid === parent && isAlive(main)) return;
    clearInterval(timer);
    listener();
  };
  const timer = setInterval(look, parentCheckMs);
  timer.unref();
  look();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Anything else, e.g. a lack of rights, comes from a process that is there.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * Electron's main process makes the child but does not speak with it: its first message carries a port that leads to
 * whoever asked for the child. What is said before it comes waits.
 */
function givenPort(parent: ElectronParentPort): Wire {
  const waiting: Frame[] = [];
  const listeners: ((frame: Frame) => void)[] = [];
  let port: ElectronPort | null = null;
  parent.on("message", ({ ports: [given] }) => {
    if (given === undefined || port !== null) return;
    port = given;
    given.on("message", ({ data }) => {
      for (const listener of listeners) listener(data as Frame);
    });
    given.start();
    for (const frame of waiting.splice(0)) given.postMessage(frame);
  });
  return {
    send: (frame) => (port === null ? void waiting.push(frame) : port.postMessage(frame)),
    onFrame: (listener) => void listeners.push(listener),
    onClose: onParentGone,
  };
}

export function hostPort(wire: Wire): HostPort {
  const rpcListeners: ((event: { data: unknown }) => void)[] = [];
  const controlListeners: ((message: ControlMessage) => void)[] = [];
  wire.onFrame((frame) => {
    if (frame.control !== undefined) for (const listener of controlListeners) listener(frame.control);
    else for (const listener of rpcListeners) listener({ data: frame.rpc });
  });
  return {
    rpc: {
      postMessage: (data) => wire.send({ rpc: data }),
      on: (event, callback) => {
        if (event === "message") rpcListeners.push(callback);
        else if (event === "close") wire.onClose(() => callback());
      },
    },
    control: (message) => wire.send({ control: message }),
    onControl: (listener) => void controlListeners.push(listener),
    onClose: wire.onClose,
  };
}
