/**
 * What runs in the page for the stand-in, each function by its source: one half in the page's own world, one in the
 * isolated world of the preload. The two share no JavaScript object, as in Electron; they meet in events of the document,
 * whose details Chromium clones from world to world, and in `window.postMessage`.
 */
import type { StructuredCodec } from "./structuredCodec.ts";

/** What of the DOM is used here; the repository's own code is compiled without it. */
interface DomEvent<Detail> {
  readonly detail: Detail;
  preventDefault(): void;
}
declare const document: {
  addEventListener<Detail>(name: string, listener: (event: DomEvent<Detail>) => void): void;
  dispatchEvent(event: unknown): boolean;
  readonly documentElement: { readonly dataset: Readonly<Record<string, string | undefined>> };
};
declare const window: object;
interface DomPort {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(data: unknown): void;
  addEventListener(name: "close", listener: () => void): void;
  close(): void;
}

/** Names of the events; random per page, so that the page cannot forge them. */
export interface BridgeNames {
  readonly expose: string;
  readonly ready: string;
  readonly call: string;
}

/** What crosses the context bridge: everything is copied, functions become proxies, all else loses its prototype. */
type Copied =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "function"; readonly id: number }
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "array"; readonly items: Copied[] }
  | { readonly kind: "object"; readonly fields: [string, Copied][] };

interface Call {
  /** World that owns the function. */
  readonly owner: "main" | "isolated";
  readonly id: number;
  readonly args: Copied[];
  answer?: Copied;
  thrown?: string;
}

export interface WorldTools {
  copy(value: unknown): Copied;
  paste(copied: Copied): unknown;
}

/** Self-contained. One side of the bridge: `owner` is the world that it runs in. */
export function bridgeSide(owner: "main" | "isolated", names: BridgeNames): WorldTools {
  const functions: ((...args: unknown[]) => unknown)[] = [];
  const other = owner === "main" ? "isolated" : "main";

  const copy = (value: unknown): Copied => {
    if (typeof value === "function")
      return { kind: "function", id: functions.push(value as (typeof functions)[number]) - 1 };
    if (typeof value === "symbol") throw new TypeError("A symbol cannot cross the context bridge.");
    if (typeof value !== "object" || value === null) return { kind: "value", value };
    if (value instanceof Error) return { kind: "error", message: value.message };
    if (Array.isArray(value)) return { kind: "array", items: value.map(copy) };
    const cloneable = [Date, RegExp, Map, Set, ArrayBuffer, File].some((type) => value instanceof type);
    if (cloneable || ArrayBuffer.isView(value)) return { kind: "value", value };
    // Any other object, a MessagePort too, arrives as a plain one with its own enumerable properties.
    return { kind: "object", fields: Object.entries(value).map(([key, field]) => [key, copy(field)]) };
  };
  const paste = (copied: Copied): unknown => {
    switch (copied.kind) {
      case "value":
        return copied.value;
      case "error":
        return new Error(copied.message);
      case "array":
        return copied.items.map(paste);
      case "object":
        return Object.fromEntries(copied.fields.map(([key, field]) => [key, paste(field)]));
      case "function":
        return (...args: unknown[]) => invoke(copied.id, args);
    }
  };
  // The answer comes back inside the same dispatch, through a second event, because details are clones.
  const answers = new Map<number, Call>();
  let calls = 0;
  const invoke = (id: number, args: unknown[]): unknown => {
    const number = calls++;
    const call: Call = { owner: other, id, args: args.map(copy) };
    document.dispatchEvent(new CustomEvent(names.call, { detail: { from: owner, number, call } }));
    const answered = answers.get(number);
    answers.delete(number);
    if (answered?.thrown !== undefined) throw new Error(answered.thrown);
    return answered?.answer === undefined ? undefined : paste(answered.answer);
  };
  type Passed = { from: string; number: number; call: Call };
  document.addEventListener<Passed>(names.call, ({ detail: { from, number, call } }) => {
    if (from === "answer") {
      if (call.owner === other) answers.set(number, call);
      return;
    }
    if (from === owner || call.owner !== owner) return;
    const answer: Call = { ...call, args: [] };
    try {
      answer.answer = copy(functions[call.id]?.(...call.args.map(paste)));
    } catch (error) {
      answer.thrown = error instanceof Error ? error.message : String(error);
    }
    document.dispatchEvent(new CustomEvent(names.call, { detail: { from: "answer", number, call: answer } }));
  });
  return { copy, paste };
}

/** Self-contained. Defines what the preload exposes, deeply frozen, as Electron does. */
export function mainWorld(tools: WorldTools, names: BridgeNames): void {
  const freeze = (value: unknown): unknown => {
    if (typeof value === "object" && value !== null) for (const field of Object.values(value)) freeze(field);
    return Object.freeze(value);
  };
  document.addEventListener<{ key: string; api: Copied }>(names.expose, (event) => {
    const { key, api } = event.detail;
    Object.defineProperty(window, key, {
      value: freeze(tools.paste(api)),
      enumerable: true,
      writable: false,
      configurable: false,
    });
    event.preventDefault();
  });
  document.dispatchEvent(new CustomEvent(names.ready));
}

/** The page's end of the stand-in's wire: what main calls, by text. */
export interface PageWire {
  deliver(text: string): void;
}

export interface IsolatedOptions {
  readonly names: BridgeNames;
  /** Name of the function that takes text to main. */
  readonly binding: string;
  /** Name under which main finds `PageWire`. */
  readonly wire: string;
  readonly platform: string;
}

/**
 * Self-contained. `ipcRenderer`, `contextBridge` and the few globals of a sandboxed preload.
 * @returns the arguments that the preload is called with: require, process, exports, module
 */
export function isolatedWorld(
  codec: StructuredCodec,
  tools: WorldTools,
  { names, binding, wire, platform }: IsolatedOptions,
): [require: (name: string) => unknown, process: object, exports: object, module: object] {
  const world = globalThis as unknown as Record<string, unknown>;
  const toMain = (message: unknown) => (world[binding] as (text: string) => void)(codec.encode(message));
  const listeners = new Map<string, Set<(...args: unknown[]) => void>>();
  const relays = new Map<number, DomPort>();
  const invocations = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let invoked = 0;

  const openPort = (id: number): DomPort => {
    const channel = new MessageChannel() as unknown as { port1: DomPort; port2: DomPort };
    relays.set(id, channel.port1);
    channel.port1.onmessage = ({ data }) => toMain({ type: "port", id, data });
    channel.port1.addEventListener("close", () => toMain({ type: "port-closed", id }));
    return channel.port2;
  };
  type Incoming =
    | { type: "ipc"; channel: string; args: unknown[]; ports: number[] }
    | { type: "port"; id: number; data: unknown }
    | { type: "port-closed"; id: number }
    | { type: "answer"; id: number; value: unknown; error: string | null };
  const receive = (message: Incoming) => {
    if (message.type === "ipc") {
      const event = { sender: ipcRenderer, senderId: 0, ports: message.ports.map(openPort) };
      for (const listener of listeners.get(message.channel) ?? []) listener(event, ...message.args);
    } else if (message.type === "port") relays.get(message.id)?.postMessage(message.data);
    else if (message.type === "port-closed") relays.get(message.id)?.close();
    else {
      const call = invocations.get(message.id);
      invocations.delete(message.id);
      if (message.error === null) call?.resolve(message.value);
      else call?.reject(new Error(message.error));
    }
  };
  const ipcRenderer = {
    send: (channel: string, ...args: unknown[]) => toMain({ type: "send", channel, args }),
    invoke: (channel: string, ...args: unknown[]) => {
      const id = invoked++;
      toMain({ type: "invoke", id, channel, args });
      return new Promise((resolve, reject) => invocations.set(id, { resolve, reject }));
    },
    on: (channel: string, listener: (...args: unknown[]) => void) => {
      listeners.set(channel, (listeners.get(channel) ?? new Set()).add(listener));
      return ipcRenderer;
    },
    off: (channel: string, listener: (...args: unknown[]) => void) => {
      listeners.get(channel)?.delete(listener);
      return ipcRenderer;
    },
  };
  const exposed: { key: string; api: Copied }[] = [];
  const expose = (detail: { key: string; api: Copied }) =>
    !document.dispatchEvent(new CustomEvent(names.expose, { detail, cancelable: true }));
  document.addEventListener(names.ready, () => {
    for (const detail of exposed.splice(0)) expose(detail);
  });
  const contextBridge = {
    exposeInMainWorld: (key: string, api: unknown) => {
      const detail = { key, api: tools.copy(api) };
      if (!expose(detail)) exposed.push(detail);
    },
  };
  const pageWire: PageWire = { deliver: (text) => receive(codec.decode(text) as Incoming) };
  world[wire] = pageWire;
  // The browser keeps a file's place to itself; tests write those that Electron would know into the document.
  const webUtils = {
    getPathForFile: (file: unknown) => {
      if (!(file instanceof File)) throw new TypeError("getPathForFile takes a File.");
      const places = JSON.parse(document.documentElement.dataset.filePlaces ?? "{}") as Record<string, string>;
      return places[file.name] ?? "";
    },
  };
  const require = (name: string) => {
    if (name === "electron" || name === "electron/renderer") return { contextBridge, ipcRenderer, webUtils };
    throw new Error(`module not found: ${name}`);
  };
  const exports = {};
  return [require, { platform, versions: {}, sandboxed: true, contextIsolated: true }, exports, { exports }];
}
