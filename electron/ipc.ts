/**
 * The only file that touches Electron's IPC. There is one message: the page asks for its line to the workbench.
 * Everything else travels over that line, where the contract's schemas check it.
 */
import { ipcMain, MessageChannelMain, type MessagePortMain, type WebContents, type WebFrameMain } from "electron";
import type { RecentLog } from "./log.ts";
import { isPageUrl } from "./security.ts";

/** Both directions: the page's request (no data) and main's answer (no data, one port). preload.cts has the same word. */
export const portChannel = "folkmoot:port";

export interface Lines {
  /** Gives every page that has a line a new one: whoever answered the old ones is gone. */
  renew(): void;
  dispose(): void;
}

/**
 * @param isOwnWindow true for the contents of a window that the app made for its page
 * @param connect leads a port to the workbench
 */
export function handOutLines(
  isOwnWindow: (contents: WebContents) => boolean,
  connect: (port: MessagePortMain) => void,
  log: RecentLog,
): Lines {
  /** The document that has a line, by its window. */
  const served = new Map<WebContents, WebFrameMain>();

  const offer = (contents: WebContents, frame: WebFrameMain) => {
    const { port1, port2 } = new MessageChannelMain();
    served.set(contents, frame);
    connect(port1);
    frame.postMessage(portChannel, null, [port2]);
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
    renew: () => {
      for (const [contents, frame] of [...served]) {
        const stays = !contents.isDestroyed() && !frame.isDestroyed() && trusted(contents, frame, isOwnWindow);
        if (stays) offer(contents, frame);
        else served.delete(contents);
      }
    },
    dispose: () => void ipcMain.off(portChannel, onRequest),
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
