/** The system's own dialogs and file manager, for the contract's `shell`. */
import { access } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { type BrowserWindow, dialog, type FileFilter, type OpenDialogOptions, shell } from "electron";
import { FolkmootError } from "../core/contract/errors.ts";
import type { PickOptions } from "../core/contract/workbench/machine.ts";
import type { DesktopShell } from "./workbench.ts";

/** @param window that the dialogs belong to; null while there is none */
export function desktopShell(window: () => BrowserWindow | null): DesktopShell {
  return {
    pick: async (options) => {
      const owner = window();
      if (options.kind === "save") {
        const settings = { ...common(options), properties: ["createDirectory", "showOverwriteConfirmation"] as const };
        const mutable = { ...settings, properties: [...settings.properties] };
        const answer =
          owner === null ? await dialog.showSaveDialog(mutable) : await dialog.showSaveDialog(owner, mutable);
        return answer.canceled || answer.filePath === "" ? [] : [answer.filePath];
      }
      const settings = { ...common(options), properties: propertiesOf(options.kind) };
      const answer =
        owner === null ? await dialog.showOpenDialog(settings) : await dialog.showOpenDialog(owner, settings);
      return answer.canceled ? [] : answer.filePaths;
    },
    reveal: async (path) => {
      // A network path would make Windows sign in to whatever host it names.
      if (!isAbsolute(path) || path.startsWith("\\\\") || path.startsWith("//")) throw notThere(path);
      await access(path).catch(() => Promise.reject(notThere(path)));
      shell.showItemInFolder(path);
    },
  };
}

function common({ title, endings, start }: PickOptions): {
  title: string;
  defaultPath?: string;
  filters: FileFilter[];
} {
  const any = { name: "All files", extensions: ["*"] };
  return {
    title,
    ...(start === null ? {} : { defaultPath: start }),
    filters: endings.length === 0 ? [any] : [{ name: endings.join(", "), extensions: [...endings] }, any],
  };
}

function propertiesOf(kind: Exclude<PickOptions["kind"], "save">): NonNullable<OpenDialogOptions["properties"]> {
  if (kind === "folder") return ["openDirectory", "createDirectory"];
  return kind === "files" ? ["openFile", "multiSelections"] : ["openFile"];
}

function notThere(path: string): FolkmootError {
  return new FolkmootError("bad-input", {
    message: `${path} is not there.`,
    reason: "It was moved or deleted, or its disk is not connected.",
    action: "Reload the list.",
    details: { path },
  });
}
