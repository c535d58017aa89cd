/** `app`: start, single instance, quit, in Electron's order of events. */
import { EventEmitter } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { isAlive } from "../isAlive.ts";
import { browserContext, closeBrowser } from "./browser.ts";
import { place, profileFolder } from "./places.ts";
import { killUtilities } from "./utility.ts";
import { BrowserWindow, windowEvents } from "./windows.ts";

/** Electron becomes ready after the entry file has run to its end, awaits at its top level included. */
export const entryHasRun = Promise.withResolvers<void>();

class App extends EventEmitter {
  readonly name = "folkmoot";
  readonly isPackaged = false;
  /** Of the stand-in: what was asked before the app was ready. */
  readonly asked = { sandbox: false, switches: new Map<string, string>() };
  private ready = false;
  private quitting = false;
  private starting: Promise<void> | null = null;

  readonly commandLine = {
    appendSwitch: (name: string, value = "") => {
      if (this.ready) throw new Error("Switches are read before the app is ready.");
      this.asked.switches.set(name, value);
    },
    hasSwitch: (name: string) => process.argv.some((text) => text.split("=")[0] === `--${name}`),
  };

  constructor() {
    super();
    windowEvents.on("all-closed", () => {
      if (this.quitting) return;
      if (this.listenerCount("window-all-closed") === 0) this.quit();
      else this.emit("window-all-closed");
    });
    windowEvents.on("contents", (contents) => this.emit("web-contents-created", {}, contents));
  }

  whenReady(): Promise<void> {
    this.starting ??= this.start();
    return this.starting;
  }

  isReady(): boolean {
    return this.ready;
  }

  enableSandbox(): void {
    if (this.ready) throw new Error("app.enableSandbox() can only be called before app is ready");
    this.asked.sandbox = true;
  }

  getPath(name: string): string {
    return place(name);
  }

  getVersion(): string {
    return "0.1.0";
  }

  getGPUFeatureStatus(): Record<string, string> {
    return { gpu_compositing: "disabled_software" };
  }

  requestSingleInstanceLock(data?: unknown): boolean {
    const folder = join(place("userData"), "instance");
    mkdirSync(folder, { recursive: true });
    const lock = join(folder, "lock");
    if (existsSync(lock) && isAlive(Number(readFileSync(lock, "utf8")))) {
      const message = serialize({ argv: process.argv, folder: process.cwd(), data });
      writeFileSync(join(folder, `${process.pid}.part`), message);
      renameSync(join(folder, `${process.pid}.part`), join(folder, `${process.pid}.message`));
      return false;
    }
    writeFileSync(lock, String(process.pid));
    watch(folder, () => this.readSecondInstances(folder)).unref();
    return true;
  }

  quit(): void {
    if (this.quitting) return;
    if (this.prevented("before-quit")) return;
    this.quitting = true;
    for (const window of BrowserWindow.getAllWindows()) {
      window.close();
      if (!window.isDestroyed()) {
        this.quitting = false;
        return;
      }
    }
    if (this.prevented("will-quit")) {
      this.quitting = false;
      return;
    }
    this.emit("quit", {}, 0);
    this.exit(0);
  }

  exit(code = 0): void {
    this.quitting = true;
    killUtilities();
    void closeBrowser().then(() => process.exit(code));
  }

  private async start(): Promise<void> {
    await entryHasRun.promise;
    await browserContext(profileFolder());
    this.ready = true;
    this.emit("ready");
  }

  private prevented(name: string): boolean {
    let prevented = false;
    this.emit(name, {
      preventDefault: () => {
        prevented = true;
      },
    });
    return prevented;
  }

  private readSecondInstances(folder: string): void {
    for (const name of readdirSync(folder).filter((entry) => entry.endsWith(".message"))) {
      const file = join(folder, name);
      if (!existsSync(file)) continue;
      const { argv, folder: workingFolder, data } = deserialize(readFileSync(file));
      rmSync(file, { force: true });
      this.emit("second-instance", {}, argv, workingFolder, data);
    }
  }
}

export const app = new App();
