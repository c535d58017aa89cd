/** `BrowserWindow`: bounds, state and events are kept here; what it shows is a page of Chromium. */
import { EventEmitter } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WebContents } from "./contents.ts";
import { place } from "./places.ts";
import { type Session, session } from "./sessions.ts";

interface Bounds {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface WindowOptions {
  readonly name?: string;
  readonly windowStatePersistence?: boolean;
  readonly width?: number;
  readonly height?: number;
  readonly minWidth?: number;
  readonly minHeight?: number;
  readonly show?: boolean;
  readonly webPreferences?: Record<string, unknown> & { preload?: string; partition?: string };
}

interface SavedState {
  readonly bounds: Bounds;
  readonly maximized: boolean;
}

/** Heard by `app`. */
export const windowEvents = new EventEmitter();
const windows = new Set<BrowserWindow>();

export class BrowserWindow extends EventEmitter {
  static getAllWindows(): BrowserWindow[] {
    return [...windows];
  }

  static getFocusedWindow(): BrowserWindow | null {
    return [...windows].find((window) => window.isFocused()) ?? null;
  }

  readonly webContents: WebContents;
  private readonly options: WindowOptions;
  private bounds: Bounds;
  private maximized = false;
  private minimized = false;
  private visible: boolean;
  private focused = false;
  private destroyed = false;

  constructor(options: WindowOptions = {}) {
    super();
    this.options = options;
    const { webPreferences = {}, width = 800, height = 600, show = true } = options;
    this.visible = show;
    this.bounds = { x: 0, y: 0, width, height };
    this.restoreState();
    const owner: Session =
      webPreferences.partition === undefined ? session.defaultSession : session.fromPartition(webPreferences.partition);
    this.webContents = new WebContents(owner, webPreferences);
    windows.add(this);
    windowEvents.emit("contents", this.webContents);
    this.webContents.once("did-finish-load", () => this.emit("ready-to-show"));
    this.webContents.on("page-closed", () => this.close());
    void this.applyBounds();
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url);
  }

  show(): void {
    this.visible = true;
    this.emit("show");
    this.focus();
  }

  hide(): void {
    this.visible = false;
    this.blur();
    this.emit("hide");
  }

  focus(): void {
    for (const window of windows) if (window !== this) window.blur();
    this.focused = true;
    this.emit("focus");
  }

  blur(): void {
    if (!this.focused) return;
    this.focused = false;
    this.emit("blur");
  }

  minimize(): void {
    this.minimized = true;
    this.blur();
  }

  restore(): void {
    this.minimized = false;
  }

  maximize(): void {
    this.maximized = true;
  }

  isVisible(): boolean {
    return this.visible;
  }

  isFocused(): boolean {
    return this.focused;
  }

  isMinimized(): boolean {
    return this.minimized;
  }

  isMaximized(): boolean {
    return this.maximized;
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  getBounds(): Bounds {
    return { ...this.bounds };
  }

  setBounds(bounds: Partial<Bounds>): void {
    const { minWidth = 0, minHeight = 0 } = this.options;
    const next = { ...this.bounds, ...bounds };
    this.bounds = {
      ...next,
      width: Math.max(next.width, minWidth),
      height: Math.max(next.height, minHeight),
    };
    void this.applyBounds();
    this.emit("resize");
  }

  setProgressBar(progress: number, _options?: { mode?: string }): void {
    if (typeof progress !== "number") throw new TypeError("Error processing argument at index 0");
  }

  close(): void {
    if (this.destroyed) return;
    let prevented = false;
    this.emit("close", {
      preventDefault: () => {
        prevented = true;
      },
    });
    if (!prevented) this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.saveState();
    this.destroyed = true;
    windows.delete(this);
    this.emit("closed");
    void this.webContents.destroy();
    if (windows.size === 0) windowEvents.emit("all-closed");
  }

  private async applyBounds(): Promise<void> {
    const { width, height } = this.bounds;
    try {
      await (await this.webContents.page).setViewportSize({ width, height });
    } catch {
      // closed meanwhile
    }
  }

  private stateFile(): string | null {
    const { name, windowStatePersistence } = this.options;
    return name && windowStatePersistence ? join(place("userData"), `window-${name}.json`) : null;
  }

  private saveState(): void {
    const file = this.stateFile();
    const state: SavedState = { bounds: this.bounds, maximized: this.maximized };
    if (file !== null) writeFileSync(file, JSON.stringify(state));
  }

  private restoreState(): void {
    const file = this.stateFile();
    if (file === null || !existsSync(file)) return;
    const state = JSON.parse(readFileSync(file, "utf8")) as SavedState;
    this.bounds = state.bounds;
    this.maximized = state.maximized;
    setImmediate(() => this.emit("persisted-state-restored"));
  }
}
