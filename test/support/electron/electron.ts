/** What `import … from "electron"` gives under the stand-in. */
import { app } from "./app.ts";
import { processEvents } from "./utility.ts";

processEvents.on("gone", (details) => app.emit("child-process-gone", {}, details));

export { app } from "./app.ts";
export { ipcMain } from "./ipcMain.ts";
export { Menu, MenuItem } from "./menus.ts";
export { MessageChannelMain, MessagePortMain } from "./ports.ts";
export { protocol, session } from "./sessions.ts";
export { clipboard, crashReporter, dialog, Notification, nativeTheme, powerSaveBlocker, shell } from "./system.ts";
export { utilityProcess } from "./utility.ts";
export { BrowserWindow } from "./windows.ts";
