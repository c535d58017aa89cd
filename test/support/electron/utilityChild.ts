/** Loaded before the entry of a utility process: gives it `process.parentPort` and takes Node's own channel away. */
import { EventEmitter } from "node:events";
import { registerHooks } from "node:module";
import { MessagePortMain } from "./ports.ts";
import type { FromChild, ToChild } from "./utility.ts";

const send = process.send?.bind(process);
if (send === undefined) throw new Error("A utility process has a parent.");

const tell = (message: FromChild) => void send(message, undefined, undefined, () => {});
const ports = new Map<number, MessagePortMain>();

function openPort(id: number): MessagePortMain {
  const port = new MessagePortMain();
  port.connect({
    post: (data) => tell({ type: "port", id, data }),
    close: () => tell({ type: "port-closed", id }),
  });
  ports.set(id, port);
  return port;
}

class ParentPort extends EventEmitter {
  private waiting: { data: unknown; ports: MessagePortMain[] }[] = [];

  constructor() {
    super();
    this.on("newListener", (event) => {
      if (event === "message")
        setImmediate(() => {
          for (const message of this.waiting.splice(0)) this.emit("message", message);
        });
    });
  }

  receive(data: unknown, given: MessagePortMain[]): void {
    const message = { data, ports: given };
    if (this.listenerCount("message") > 0 && this.waiting.length === 0) this.emit("message", message);
    else this.waiting.push(message);
  }

  postMessage(message: unknown): void {
    tell({ type: "message", data: structuredClone(message) });
  }
}

const parentPort = new ParentPort();
process.on("message", (message: ToChild) => {
  if (message.type === "message") parentPort.receive(message.data, message.ports.map(openPort));
  else if (message.type === "port") ports.get(message.id)?.receive(message.data);
  else {
    ports.get(message.id)?.end();
    ports.delete(message.id);
  }
});
Object.defineProperty(process, "parentPort", { value: parentPort });
Object.defineProperty(process, "send", { value: undefined });
Object.defineProperty(process.versions, "electron", { value: "45.4.1" });
// Electron's pipe says nothing when main dies, and does not let the process end by itself.
setInterval(() => {}, 1 << 30);

// In a utility process the module `electron` has little, above all no utilityProcess.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "electron"
      ? { url: "stand-in:electron", format: "module", shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url === "stand-in:electron"
      ? {
          format: "module",
          source:
            "export const net = {}; export const parentPort = process.parentPort; export const systemPreferences = {};",
          shortCircuit: true,
        }
      : next(url, context),
});
