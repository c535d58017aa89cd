/** Loaded before the entry of a utility process: gives it `process.parentPort` and takes Node's own channel away. */
import { EventEmitter } from "node:events";
import { registerHooks } from "node:module";

const send = process.send?.bind(process);
if (send === undefined) throw new Error("A utility process has a parent.");

class ParentPort extends EventEmitter {
  private waiting: unknown[] = [];

  constructor() {
    super();
    process.on("message", (data) => {
      if (this.listenerCount("message") > 0) this.emit("message", { data, ports: [] });
      else this.waiting.push(data);
    });
    this.on("newListener", (event) => {
      if (event === "message")
        setImmediate(() => {
          for (const data of this.waiting.splice(0)) this.emit("message", { data, ports: [] });
        });
    });
  }

  postMessage(message: unknown): void {
    send?.(structuredClone(message), undefined, undefined, () => {});
  }
}

const parentPort = new ParentPort();
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
