/**
 * Runs sandboxed, in a world of its own beside the page's. A sandboxed preload is one plain script: nothing may be
 * imported but types and `electron`. See core/contract/desktopBridge.ts for how the port reaches the page.
 */
import type { DesktopBridge } from "../core/contract/desktopBridge.ts" with { "resolution-mode": "import" };

const { contextBridge, ipcRenderer, webUtils } = require("electron") as typeof import("electron");

/** The same word as in ipc.ts. */
const portChannel = "folkmoot:port";

/** What of the DOM is used here; the rest of electron/ is compiled without it. */
declare const window: { postMessage(message: unknown, origin: string, transfer: readonly unknown[]): void };
declare const location: { readonly origin: string };

let announce: ((token: string) => void) | null = null;

const bridge: DesktopBridge = {
  platform: process.platform,
  onPort: (callback) => {
    if (typeof callback !== "function") throw new TypeError("onPort takes a function.");
    announce = callback;
    ipcRenderer.send(portChannel);
  },
  pathOf: (file) => {
    try {
      return webUtils.getPathForFile(file as Parameters<typeof webUtils.getPathForFile>[0]) || null;
    } catch {
      return null;
    }
  },
};

ipcRenderer.on(portChannel, (event) => {
  const [port] = event.ports;
  if (port === undefined || announce === null) return;
  const token = crypto.randomUUID();
  announce(token);
  window.postMessage({ folkmootPort: token }, location.origin, [port]);
});

// The context bridge freezes what it exposes.
contextBridge.exposeInMainWorld("folkmoot", bridge);
