/** `webContents`: a real Chromium page, the preload in an isolated world of it, and what main hears of it. */
import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import type { CDPSession, Frame, Page, Route } from "playwright-core";
import { browserAddress, electronAddress } from "./addresses.ts";
import { browserContext } from "./browser.ts";
import { ipcMain } from "./ipcMain.ts";
import { bridgeSide, isolatedWorld, mainWorld } from "./pageWorlds.ts";
import { profileFolder } from "./places.ts";
import type { MessagePortMain } from "./ports.ts";
import { permissionNames, type Session } from "./sessions.ts";
import { structuredCodec } from "./structuredCodec.ts";

interface OpenHandlerDetails {
  readonly url: string;
  readonly frameName: string;
}
type OpenHandler = (details: OpenHandlerDetails) => { action: "allow" | "deny" };

/** A frame's document: gone with the next one. */
export class WebFrameMain {
  readonly url: string;
  readonly parent: null = null;
  private readonly owner: WebContents;
  private alive = true;

  constructor(owner: WebContents, url: string) {
    this.owner = owner;
    this.url = url;
  }

  isDestroyed(): boolean {
    return !this.alive;
  }

  postMessage(channel: string, message: unknown, transfer: MessagePortMain[] = []): void {
    if (!this.alive) throw new Error("Render frame was disposed before WebFrameMain could be accessed");
    this.owner.sendToPage(channel, [message], transfer);
  }

  /** Of the stand-in. */
  end(): void {
    this.alive = false;
  }
}

/** Everything but windows. */
const sandboxWithoutPopups =
  "sandbox allow-scripts allow-same-origin allow-forms allow-modals allow-downloads allow-top-navigation allow-pointer-lock";
const live = new Set<WebContents>();
let foreignWatched = false;
const codec = structuredCodec();
const world = "electron-isolated-context";
let ids = 0;

export class WebContents extends EventEmitter {
  readonly id = ++ids;
  readonly session: Session;
  mainFrame: WebFrameMain = new WebFrameMain(this, "");
  page: Promise<Page>;
  private cdp: CDPSession | null = null;
  private readonly preferences: Readonly<Record<string, unknown>>;
  private readonly preload: string | null;
  private readonly names = { expose: secret(), ready: secret(), call: secret() };
  private readonly binding = secret();
  private readonly wire = secret();
  private openHandler: OpenHandler = () => ({ action: "allow" });
  private ports = new Map<number, MessagePortMain>();
  private portIds = 0;
  private contextId: number | null = null;
  private loading = false;
  private crashed = false;
  /** The page while it lives; a crash ends it before it closes. */
  private current: Page | null = null;
  private destroyed = false;
  private focused = true;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(session: Session, preferences: Readonly<Record<string, unknown>>) {
    super();
    this.session = session;
    this.preferences = preferences;
    this.preload = typeof preferences.preload === "string" ? preferences.preload : null;
    live.add(this);
    this.page = this.openPage();
    this.page.catch(() => {}); // told by whoever loads an address
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  focus(): void {
    this.focused = true;
  }

  isFocused(): boolean {
    return this.focused;
  }

  getLastWebPreferences(): Readonly<Record<string, unknown>> {
    return this.preferences;
  }

  getURL(): string {
    return this.mainFrame.url;
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.openHandler = handler;
  }

  send(channel: string, ...args: unknown[]): void {
    this.sendToPage(channel, args, []);
  }

  async loadURL(url: string): Promise<void> {
    const page = await this.page;
    this.loading = true;
    try {
      await this.grantPermissions(url);
      await page.goto(browserAddress(url), { waitUntil: "load" });
      this.emit("did-finish-load");
    } catch (error) {
      this.emit("did-fail-load", {}, -2, String(error), url, true);
      throw error;
    } finally {
      this.loading = false;
    }
  }

  reload(): void {
    const url = this.mainFrame.url;
    void this.page.then(async (page) => {
      if (!this.crashed) {
        this.loading = true;
        await page.reload().finally(() => {
          this.loading = false;
        });
        return;
      }
      // As in Electron, a new process takes the place of the one that died.
      this.crashed = false;
      this.page = this.openPage();
      await page.close().catch(() => {});
      await this.loadURL(url);
    });
  }

  forcefullyCrashRenderer(): void {
    void this.cdp?.send("Page.crash").catch(() => {});
  }

  async executeJavaScript(code: string): Promise<unknown> {
    return (await this.page).evaluate(code);
  }

  sendInputEvent({ type, keyCode, modifiers = [] }: { type: string; keyCode: string; modifiers?: string[] }): void {
    const names = modifiers.map((name) => ({ control: "Control", meta: "Meta", shift: "Shift", alt: "Alt" })[name]);
    const key = keyCode.length === 1 ? keyCode.toLowerCase() : keyCode;
    this.queue = this.queue.then(async () => {
      const { keyboard } = await this.page;
      if (type === "keyDown") {
        for (const name of names) await keyboard.down(name ?? "");
        await keyboard.down(key);
      }
      if (type === "keyUp") {
        await keyboard.up(key);
        for (const name of names) await keyboard.up(name ?? "");
      }
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

  /** Of the stand-in: no more window. */
  async destroy(): Promise<void> {
    if (this.destroyed) return;
    this.destroyed = true;
    live.delete(this);
    this.endDocument();
    this.emit("destroyed");
    await (await this.page).close().catch(() => {});
  }

  private deliver(message: unknown): void {
    const contextId = this.contextId;
    if (contextId === null) return;
    const expression = `globalThis[${JSON.stringify(this.wire)}].deliver(${JSON.stringify(codec.encode(message))})`;
    this.cdp?.send("Runtime.evaluate", { expression, contextId }).catch(() => {}); // the document is gone
  }

  private async openPage(): Promise<Page> {
    const context = await browserContext(profileFolder());
    if (!foreignWatched) {
      foreignWatched = true;
      await context.route("**/*", WebContents.onForeignRequest);
    }
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    this.cdp = cdp;
    await this.prepareWorlds(cdp);
    this.current = page;
    page.on("crash", () => {
      this.crashed = true;
      this.current = null;
      this.endDocument();
      this.emit("render-process-gone", {}, { reason: "crashed", exitCode: 11 });
    });
    page.on("close", () => {
      if (!this.destroyed && this.current === page) this.emit("page-closed");
    });
    await page.route("**/*", (route) => this.onRequest(page, route).catch(() => {})); // gone with its document
    page.on("popup", (popup) => void this.onPopup(popup));
    return page;
  }

  /** Both worlds of every document of the main frame, before any script of the page. */
  private async prepareWorlds(cdp: CDPSession): Promise<void> {
    const names = JSON.stringify(this.names);
    const guard = (body: string) => `if (window === window.top && document instanceof Document) {${body}}`;
    await cdp.send("Page.enable");
    await cdp.send("Runtime.enable");
    const { frameTree } = await cdp.send("Page.getFrameTree");
    cdp.on("Runtime.executionContextCreated", ({ context }) => {
      if (context.name === world && context.auxData?.frameId === frameTree.frame.id) this.contextId = context.id;
    });
    cdp.on("Page.frameNavigated", ({ frame }) => {
      if (frame.parentId === undefined) this.beginDocument(electronAddress(frame.url));
    });
    if (this.preload === null) return;
    await cdp.send("Runtime.addBinding", { name: this.binding, executionContextName: world });
    cdp.on("Runtime.bindingCalled", ({ name, payload }) => {
      if (name === this.binding) this.onPageMessage(codec.decode(payload) as PageMessage);
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

  private beginDocument(url: string): void {
    this.endDocument();
    this.mainFrame = new WebFrameMain(this, url);
    this.emit("did-navigate", {}, url);
  }

  private endDocument(): void {
    this.mainFrame.end();
    const ports = [...this.ports.values()];
    this.ports = new Map();
    for (const port of ports) port.end();
  }

  private onPageMessage(message: PageMessage): void {
    if (message.type === "port") this.ports.get(message.id)?.receive(message.data);
    else if (message.type === "port-closed") {
      this.ports.get(message.id)?.end();
      this.ports.delete(message.id);
    } else {
      const event = { sender: this, senderFrame: this.mainFrame, processId: 0, frameId: 0, ports: [] };
      if (message.type === "send") {
        this.emit("ipc-message", event, message.channel, ...message.args);
        ipcMain.emit(message.channel, event, ...message.args);
      } else
        void ipcMain.answer(message.channel, event, message.args).then(
          (value) => this.deliver({ type: "answer", id: message.id, value, error: null }),
          (error: Error) => this.deliver({ type: "answer", id: message.id, value: null, error: error.message }),
        );
    }
  }

  /** In Electron's order: navigation events, request filter, the scheme's handler, the network. */
  private async onRequest(page: Page, route: Route): Promise<void> {
    const request = route.request();
    const url = electronAddress(request.url());
    if (request.isNavigationRequest() && this.navigationRefused(page, request.frame(), url))
      return route.abort("aborted");
    if (await this.session.refuses(url, request.method(), request.resourceType()))
      return route.abort("blockedbyclient");
    const answer = await this.session.answer(url, request.method());
    if (answer === null) return url.startsWith("app:") ? route.abort("failed") : route.continue();
    const headers = Object.fromEntries(answer.headers);
    if (request.isNavigationRequest() && this.deniesWindows()) {
      const policies = [headers["content-security-policy"], sandboxWithoutPopups].filter(Boolean);
      headers["content-security-policy"] = policies.join(", ");
    }
    return route.fulfill({
      status: answer.status,
      headers,
      body: Buffer.from(await answer.arrayBuffer()),
    });
  }

  /**
   * Electron asks the handler before it makes a window, and `window.open` answers null. Here the document is sandboxed
   * against windows when the handler denies them, which Chromium answers in the same way.
   */
  private deniesWindows(): boolean {
    return this.openHandler({ url: "https://somewhere.invalid/", frameName: "" }).action === "deny";
  }

  private navigationRefused(page: Page, frame: Frame, url: string): boolean {
    const isMainFrame = frame === page.mainFrame();
    // What main itself loads raises no event.
    if (isMainFrame && this.loading) return false;
    let prevented = false;
    const event = {
      url,
      isMainFrame,
      isSameDocument: false,
      preventDefault: () => {
        prevented = true;
      },
    };
    this.emit("will-frame-navigate", event);
    if (isMainFrame && !prevented) this.emit("will-navigate", event, url);
    return prevented;
  }

  /**
   * Of the stand-in: every request of a page that the app has not made itself, which a page of the app must have
   * opened. Playwright does not say which one so early; it makes no request unless every window allows it.
   */
  static async onForeignRequest(route: Route): Promise<void> {
    const url = electronAddress(route.request().url());
    const denied = [...live].some((contents) => contents.openHandler({ url, frameName: "" }).action === "deny");
    await (denied ? route.abort("aborted") : route.continue()).catch(() => {}); // its page is gone already
  }

  private async onPopup(popup: Page): Promise<void> {
    const { action } = this.openHandler({ url: electronAddress(popup.url()), frameName: "" });
    if (action === "deny") await popup.close().catch(() => {});
  }

  /** Chromium is told beforehand what the handler would answer. */
  private async grantPermissions(url: string): Promise<void> {
    const { origin } = new URL(browserAddress(url));
    if (origin === "null" || this.cdp === null) return;
    for (const [permission, descriptors] of Object.entries(permissionNames)) {
      const setting = (await this.session.grants(permission, url)) ? "granted" : "denied";
      for (const descriptor of descriptors)
        await this.cdp.send("Browser.setPermission", { permission: descriptor, setting, origin });
    }
  }
}

type PageMessage =
  | { type: "send"; channel: string; args: unknown[] }
  | { type: "invoke"; id: number; channel: string; args: unknown[] }
  | { type: "port"; id: number; data: unknown }
  | { type: "port-closed"; id: number };

/** A sandboxed preload is a plain script; from source its types are erased first, as the build does. */
function preloadSource(path: string): string {
  const source = readFileSync(path, "utf8");
  return path.endsWith(".cts") ? stripTypeScriptTypes(source) : source;
}

function secret(): string {
  return `electron${randomBytes(12).toString("hex")}`;
}
