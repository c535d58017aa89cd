/** The two lines to the workbench: a socket on loopback, or a port that the desktop window hands over. */
import { RPCLink as PortLink } from "@orpc/client/message-port";
import { RPCLink as SocketLink } from "@orpc/client/websocket";
import { type PortWindow, receivePort } from "../../core/contract/desktopBridge.ts";
import type { OpenLine } from "./line.ts";
import { socketUrl } from "./socketUrl.ts";

/** The desktop's ports where there is a desktop, else a socket to where the page came from. */
export function transportFor(window: Window & PortWindow<MessagePort>): OpenLine {
  return portTransport(window) ?? socketTransport(socketUrl(window.location));
}

export function socketTransport(url: string): OpenLine {
  return (signal) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      const closed = new Promise<void>((gone) => socket.addEventListener("close", () => gone(), { once: true }));
      signal.addEventListener("abort", () => socket.close(), { once: true });
      socket.addEventListener("open", () => {
        resolve({ link: new SocketLink({ websocket: socket }), closed, close: () => socket.close() });
      });
      void closed.then(() => reject(new Error("The workbench does not answer.")));
    });
}

/** Null in a browser. The desktop hands over a new port by itself whenever the old one broke. */
export function portTransport(window: PortWindow<MessagePort>): OpenLine | null {
  const waiting: MessagePort[] = [];
  let wake: (() => void) | null = null;
  const stop = receivePort(window, (port) => {
    waiting.push(port);
    wake?.();
  });
  if (stop === null) return null;
  return async (signal) => {
    while (waiting.length === 0) {
      await new Promise<void>((resolve, reject) => {
        wake = resolve;
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
    // Only the newest port leads anywhere.
    const port = waiting.splice(0).at(-1) as MessagePort;
    const closed = new Promise<void>((gone) => port.addEventListener("close", () => gone(), { once: true }));
    const link = new PortLink({ port });
    port.start();
    return { link, closed, close: () => port.close() };
  };
}
