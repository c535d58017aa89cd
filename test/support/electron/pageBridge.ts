/** The way between main and a page: the preload in an isolated world of every document, messages and ports across. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import type { CDPSession } from "playwright-core";
import { electronAddress } from "./addresses.ts";
import type { PageSender } from "./frames.ts";
import { bridgeSide, isolatedWorld, mainWorld } from "./pageWorlds.ts";
import type { MessagePortMain } from "./ports.ts";
import { structuredCodec } from "./structuredCodec.ts";

/** What a page says to main; what it says to a port goes there at once. */
export type PageCall =
  | { type: "send"; channel: string; args: unknown[] }
  | { type: "invoke"; id: number; channel: string; args: unknown[] };

type PageMessage = PageCall | { type: "port"; id: number; data: unknown } | { type: "port-closed"; id: number };

export interface PageBridgeHears {
  /** Another document is in the main frame. */
  readonly document: (url: string) => void;
  readonly call: (call: PageCall) => void;
}

const codec = structuredCodec();
const world = "electron-isolated-context";

export class PageBridge implements PageSender {
  private readonly preload: string | null;
  private readonly hears: PageBridgeHears;
  private readonly names = { expose: secret(), ready: secret(), call: secret() };
  private readonly binding = secret();
  private readonly wire = secret();
  private cdp: CDPSession | null = null;
  private contextId: number | null = null;
  private ports = new Map<number, MessagePortMain>();
  private portIds = 0;

  /** @param preload path of the script; null: nothing crosses */
  constructor(preload: string | null, hears: PageBridgeHears) {
    this.preload = preload;
    this.hears = hears;
  }

  /** Both worlds of every document of the main frame, before any script of the page. */
  async attach(cdp: CDPSession): Promise<void> {
    this.cdp = cdp;
    const names = JSON.stringify(this.names);
    const guard = (body: string) => `if (window === window.top && document instanceof Document) {${body}}`;
    await cdp.send("Page.enable");
    await cdp.send("Runtime.enable");
    const { frameTree } = await cdp.send("Page.getFrameTree");
    cdp.on("Runtime.executionContextCreated", ({ context }) => {
      if (context.name === world && context.auxData?.frameId === frameTree.frame.id) this.contextId = context.id;
    });
    cdp.on("Page.frameNavigated", ({ frame }) => {
      if (frame.parentId === undefined) this.hears.document(electronAddress(frame.url));
    });
    if (this.preload === null) return;
    await cdp.send("Runtime.addBinding", { name: this.binding, executionContextName: world });
    cdp.on("Runtime.bindingCalled", ({ name, payload }) => {
      if (name === this.binding) this.onMessage(codec.decode(payload) as PageMessage);
    });
    await cdp.send("Page.addScriptToEvaluateOnNewDocument", {
      source: guard(`(${mainWorld})((${bridgeSide})("main", ${names}), ${names});`),
    });
    const options = { names: this.names, binding: this.binding, wire: this.wire, platform: process.platform };
    await cdp.send("Page.addScriptToEvaluateOnNewDocument", {
      worldName: world,
      source: guard(`
        const [require, process, exports, module] = (${isolatedWorld})(
          (${structuredCodec})(), (${bridgeSide})("isolated", ${names}), ${JSON.stringify(options)});
        (function (require, process, exports, module) {${preloadSource(this.preload)}
        })(require, process, exports, module);`),
    });
  }

  /** Of the stand-in: what `postMessage` and `send` share. */
  sendToPage(channel: string, args: unknown[], transfer: readonly MessagePortMain[]): void {
    const context = this.contextId;
    const ports = transfer.map((port) => {
      const id = this.portIds++;
      const near = port.moveTo({
        post: (data) => this.deliver({ type: "port", id, data }),
        close: () => this.deliver({ type: "port-closed", id }),
      });
      this.ports.set(id, near);
      return id;
    });
    if (context !== null) this.deliver({ type: "ipc", channel, args, ports });
    for (const port of transfer) port.sendOn();
  }

  /** The ports of a document end with it. */
  endDocument(): void {
    const ports = [...this.ports.values()];
    this.ports = new Map();
    for (const port of ports) port.end();
  }

  answer(id: number, value: unknown, error: string | null): void {
    this.deliver({ type: "answer", id, value, error });
  }

  private deliver(message: unknown): void {
    const contextId = this.contextId;
    if (contextId === null) return;
    const expression = `globalThis[${JSON.stringify(this.wire)}].deliver(${JSON.stringify(codec.encode(message))})`;
    this.cdp?.send("Runtime.evaluate", { expression, contextId }).catch(() => {}); // the document is gone
  }

  private onMessage(message: PageMessage): void {
    if (message.type === "port") this.ports.get(message.id)?.receive(message.data);
    else if (message.type === "port-closed") {
      this.ports.get(message.id)?.end();
      this.ports.delete(message.id);
    } else this.hears.call(message);
  }
}

/** A sandboxed preload is a plain script; from source its types are erased first, as the build does. */
function preloadSource(path: string): string {
  const source = readFileSync(path, "utf8");
  return path.endsWith(".cts") ? stripTypeScriptTypes(source) : source;
}

function secret(): string {
  return `electron${randomBytes(12).toString("hex")}`;
}
