/**
 * The only file that touches Electron's IPC. There is one message: the page asks for its line to the workbench.
 * Everything else travels over that line, where the contract's schemas check it.
 */
import { ipcMain, MessageChannelMain, type MessagePortMain, type WebContents, type WebFrameMain } from "electron";
import type { RecentLog } from "./log.ts";
import { isPageUrl } from "./security.ts";

/** Both directions: the page's request (no data) and main's answer (no data, one port). preload.cts has the same word. */
export const portChannel = "folkmoot:port";

/** A line that breaks by itself is made again after so many milliseconds. */
const renewMs = 200;

export interface Lines {
  /** Lines that are open. */
  readonly open: number;
  dispose(): void;
}

/**
 * @param isOwnWindow true for the contents of a window that the app made for its page
 * @param serve answers the contract over a port until it closes; starts the port once it listens
 */
export function handOutLines(
  isOwnWindow: (contents: WebContents) => boolean,
  serve: (port: MessagePortMain) => void,
  log: RecentLog,
): Lines {
  const lines = new Map<WebContents, MessagePortMain>();

  const offer = (contents: WebContents, frame: WebFrameMain) => {
    const { port1: near, port2: far } = new MessageChannelMain();
    lines.get(contents)?.close();
    lines.set(contents, near);
    near.on("close", () => {
      if (lines.get(contents) !== near) return;
      lines.delete(contents);
      setTimeout(() => {
        const gone = contents.isDestroyed() || frame.isDestroyed() || lines.has(contents);
        if (!gone && trusted(contents, frame, isOwnWindow)) offer(contents, frame);
      }, renewMs);
    });
    serve(near);
    frame.postMessage(portChannel, null, [far]);
  };

  const onRequest = (event: Electron.IpcMainEvent) => {
    const frame = event.senderFrame;
    if (frame === null || !trusted(event.sender, frame, isOwnWindow)) {
      log.add("security", "refused a line to a foreign page");
      return;
    }
    offer(event.sender, frame);
  };
  ipcMain.on(portChannel, onRequest);
  return {
    get open() {
      return lines.size;
    },
    dispose: () => {
      ipcMain.off(portChannel, onRequest);
      const ports = [...lines.values()];
      lines.clear();
      for (const port of ports) port.close();
    },
  };
}

/** Says so when a page tries any other channel; there is no listener that could answer. */
export function watchForeignChannels(contents: WebContents, log: RecentLog): void {
  contents.on("ipc-message", (_event, channel) => {
    if (channel !== portChannel)
      log.add("security", `ignored a message on the unknown channel ${channel.slice(0, 60)}`);
  });
}

function trusted(contents: WebContents, frame: WebFrameMain, isOwnWindow: (contents: WebContents) => boolean): boolean {
  return isOwnWindow(contents) && frame === contents.mainFrame && isPageUrl(frame.url);
}
