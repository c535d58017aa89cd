/** The one window: made, brought back as it was, and brought up again when its process ends. */
import { BrowserWindow, dialog, nativeTheme } from "electron";
import type { RecentLog } from "./log.ts";
import { pageUrl, webPreferences } from "./security.ts";

/** Size at the first start, and the least that every screen fits in, pixels. */
const firstSize = { width: 1440, height: 900 };
const leastSize = { minWidth: 960, minHeight: 640 };

/** The page is reloaded after a crash, but not for ever: so often within so many milliseconds. */
const reloads = { most: 3, within: 60_000 };

/** What the window shows before the page paints, so that nothing flashes; the same as the page's own ground. */
const ground = { dark: "#15171c", light: "#f7f7f8" };

export interface MainWindowOptions {
  /** Absolute path of the built preload. */
  readonly preload: string;
  /** Absolute path of the window's picture, a PNG; macOS takes that of the bundle. */
  readonly icon: string;
  readonly log: RecentLog;
  readonly now: () => number;
}

export function openMainWindow({ preload, icon, log, now }: MainWindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    // Electron keeps position, size, maximized and full screen under this name, and brings them back.
    name: "main",
    windowStatePersistence: true,
    title: "Folkmoot",
    icon,
    ...firstSize,
    ...leastSize,
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? ground.dark : ground.light,
    webPreferences: webPreferences(preload),
  });
  window.once("ready-to-show", () => window.show());
  const crashes: number[] = [];
  window.webContents.on("render-process-gone", (_event, { reason }) => {
    if (reason === "clean-exit" || window.isDestroyed()) return;
    log.add("main", `the page's process ended: ${reason}`);
    crashes.push(now());
    // The page rebuilds itself from the workbench, where the work goes on.
    if (crashes.filter((time) => time > now() - reloads.within).length <= reloads.most) window.webContents.reload();
    else void tellCrash(window, reason);
  });
  window.on("unresponsive", () => log.add("main", "the page does not answer"));
  // Fails when the window closes meanwhile, and then nobody needs the page.
  window.loadURL(pageUrl).catch((error: unknown) => log.add("main", `the page was not loaded: ${String(error)}`));
  return window;
}

async function tellCrash(window: BrowserWindow, reason: string): Promise<void> {
  const { response } = await dialog.showMessageBox(window, {
    type: "error",
    message: "The window keeps crashing.",
    detail: `Its process ended ${reloads.most + 1} times within a minute (${reason}). Running jobs go on. If it happens again, start Folkmoot with --disable-gpu, and copy the diagnostics from the Help menu.`,
    buttons: ["Try again", "Leave it"],
    defaultId: 0,
    cancelId: 1,
  });
  if (response === 0 && !window.isDestroyed()) window.webContents.reload();
}

/** Brings the window to the front, wherever it is. */
export function bringUp(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  if (!window.isVisible()) window.show();
  window.focus();
}
