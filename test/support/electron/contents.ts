/** `webContents`: a real Chromium page, its documents and requests, and what main hears of it. */
import { EventEmitter } from "node:events";
import type { CDPSession, Frame, Page, Route } from "playwright-core";
import { browserAddress, electronAddress } from "./addresses.ts";
import { browserContext } from "./browser.ts";
import { WebFrameMain } from "./frames.ts";
import { ipcMain } from "./ipcMain.ts";
import { PageBridge, type PageCall } from "./pageBridge.ts";
import { profileFolder } from "./places.ts";
import type { MessagePortMain } from "./ports.ts";
import { permissionNames, type Session } from "./sessions.ts";

interface OpenHandlerDetails {
  readonly url: string;
  readonly frameName: string;
}
type OpenHandler = (details: OpenHandlerDetails) => { action: "allow" | "deny" };

/** Everything but windows. */
const sandboxWithoutPopups =
  "sandbox allow-scripts allow-same-origin allow-forms allow-modals allow-downloads allow-top-navigation allow-pointer-lock";
const live = new Set<WebContents>();
let foreignWatched = false;
let ids = 0;

export class WebContents extends EventEmitter {
  readonly id = ++ids;
  readonly session: Session;
  mainFrame: WebFrameMain = new WebFrameMain(this, "");
  page: Promise<Page>;
  private cdp: CDPSession | null = null;
  private readonly preferences: Readonly<Record<string, unknown>>;
  private readonly bridge: PageBridge;
  private openHandler: OpenHandler = () => ({ action: "allow" });
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
    this.bridge = new PageBridge(typeof preferences.preload === "string" ? preferences.preload : null, {
      document: (url) => this.beginDocument(url),
      call: (call) => this.onCall(call),
    });
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
    this.bridge.sendToPage(channel, args, transfer);
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

  private async openPage(): Promise<Page> {
    const context = await browserContext(profileFolder());
    if (!foreignWatched) {
      foreignWatched = true;
      await context.route("**/*", WebContents.onForeignRequest);
    }
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    this.cdp = cdp;
    await this.bridge.attach(cdp);
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

  private beginDocument(url: string): void {
    this.endDocument();
    this.mainFrame = new WebFrameMain(this, url);
    this.emit("did-navigate", {}, url);
  }

  private endDocument(): void {
    this.mainFrame.end();
    this.bridge.endDocument();
  }

  private onCall(call: PageCall): void {
    const event = { sender: this, senderFrame: this.mainFrame, processId: 0, frameId: 0, ports: [] };
    if (call.type === "send") {
      this.emit("ipc-message", event, call.channel, ...call.args);
      ipcMain.emit(call.channel, event, ...call.args);
    } else
      void ipcMain.answer(call.channel, event, call.args).then(
        (value) => this.bridge.answer(call.id, value, null),
        (error: Error) => this.bridge.answer(call.id, null, error.message),
      );
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
