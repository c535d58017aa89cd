/** Hosts for the service: only main can make utility processes, so it is asked for them. */
import type { MessagePortMain } from "electron";
import { hostPort, type Wire } from "../../core/host/port.ts";
import type { HostEnd, HostProcess, SpawnHost } from "../../core/host/spawnHost.ts";
import type { FromService, ToService } from "./messages.ts";

export interface HostsOfMain {
  readonly spawn: SpawnHost;
  /** Everything that main says about hosts; other messages are passed over. */
  receive(message: ToService, port: MessagePortMain | undefined): void;
}

interface Waiting {
  pid: number | undefined;
  port: MessagePortMain | null;
  readonly unsent: unknown[];
  readonly onFrame: Parameters<Wire["onFrame"]>[0][];
  readonly onClose: (() => void)[];
  readonly onStderr: (text: string) => void;
  readonly ended: (end: HostEnd) => void;
}

export function hostsOfMain(say: (message: FromService) => void): HostsOfMain {
  const hosts = new Map<number, Waiting>();
  let ids = 0;

  const spawn: SpawnHost = ({ kind, entry, env, onStderr }): HostProcess => {
    const id = ids++;
    let end: (end: HostEnd) => void = () => {};
    const ended = new Promise<HostEnd>((resolve) => {
      end = resolve;
    });
    const host: Waiting = { pid: undefined, port: null, unsent: [], onFrame: [], onClose: [], onStderr, ended: end };
    hosts.set(id, host);
    say({ type: "host-spawn", id, kind, entry: entry.href, env: { ...env } });
    return {
      get pid() {
        return host.pid;
      },
      port: hostPort({
        send: (frame) => (host.port === null ? void host.unsent.push(frame) : host.port.postMessage(frame)),
        onFrame: (listener) => void host.onFrame.push(listener),
        onClose: (listener) => void host.onClose.push(listener),
      }),
      ended,
      kill: () => say({ type: "host-kill", id }),
    };
  };

  const connect = (host: Waiting, port: MessagePortMain) => {
    host.port = port;
    port.on("message", ({ data }) => {
      for (const listener of host.onFrame) listener(data);
    });
    port.start();
    for (const frame of host.unsent.splice(0)) port.postMessage(frame);
  };

  return {
    spawn,
    receive: (message, port) => {
      const host = "id" in message ? hosts.get(message.id) : undefined;
      if (host === undefined) return;
      if (message.type === "host-spawned" && port !== undefined) {
        host.pid = message.pid;
        connect(host, port);
      } else if (message.type === "host-stderr") host.onStderr(message.text);
      else if (message.type === "host-ended") {
        hosts.delete(message.id);
        host.pid = undefined;
        host.ended(message.end);
        host.port?.close();
        for (const listener of host.onClose) listener();
      }
    },
  };
}
