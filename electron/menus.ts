/**
 * The menus. What the page does has the page's own keys: the entry shows the key, and a click presses it in the page,
 * so a command exists once. See renderer/ for what each key does.
 */
import { Menu, type MenuItemConstructorOptions, type WebContents } from "electron";

export interface MenuActions {
  /** Contents of the window; null while there is none. */
  readonly contents: () => WebContents | null;
  readonly newWindow: () => void;
  readonly openWorkspace: () => void;
  readonly copyDiagnostics: () => void;
  readonly platform: NodeJS.Platform;
}

/** Screens of the left rail, in their order: Ctrl+1 to Ctrl+8 (Command on macOS). */
export const screens = ["Home", "Models", "Society", "Dialogues", "Data", "Align", "Evaluate", "Exports"] as const;

type Modifier = "control" | "meta";

export function installMenus(actions: MenuActions): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(actions)));
}

export function menuTemplate(actions: MenuActions): MenuItemConstructorOptions[] {
  const mac = actions.platform === "darwin";
  const main: Modifier = mac ? "meta" : "control";
  /** An entry that presses a key of the page. */
  const page = (id: string, label: string, key: string, modifiers: Modifier[]): MenuItemConstructorOptions => ({
    id,
    label,
    accelerator: [...(modifiers.length > 0 ? ["CommandOrControl"] : []), key].join("+"),
    // The key itself goes to the page, which knows whether a field or a list has the focus.
    registerAccelerator: false,
    click: () => void pressInPage(actions.contents(), key, modifiers),
  });
  const file: MenuItemConstructorOptions = {
    label: "&File",
    submenu: [
      { id: "show-window", label: "Show window", click: actions.newWindow },
      { id: "open-workspace", label: "Open workspace folder", click: actions.openWorkspace },
      { type: "separator" },
      page("settings", "Settings", ",", [main]),
      { type: "separator" },
      mac ? { role: "close" } : { id: "quit", role: "quit" },
    ],
  };
  const view: MenuItemConstructorOptions = {
    label: "&View",
    submenu: [
      ...screens.map((name, index) => page(`screen-${index + 1}`, name, String(index + 1), [main])),
      { type: "separator" },
      page("palette", "All commands", "K", [main]),
      { type: "separator" },
      { role: "resetZoom" },
      { role: "zoomIn" },
      { role: "zoomOut" },
      { role: "togglefullscreen" },
      { type: "separator" },
      { id: "reload", role: "reload" },
      { role: "toggleDevTools" },
    ],
  };
  const help: MenuItemConstructorOptions = {
    role: "help",
    submenu: [
      page("keys", "Keys", "?", []),
      { id: "copy-diagnostics", label: "Copy diagnostics", click: actions.copyDiagnostics },
      { type: "separator" },
      { role: "about" },
    ],
  };
  return [
    ...(mac ? [{ role: "appMenu" as const }] : []),
    file,
    { role: "editMenu" },
    view,
    { role: "windowMenu" },
    help,
  ];
}

/** Presses `key` in the page as a person would; a key without modifier first leaves the field that has the focus. */
async function pressInPage(contents: WebContents | null, key: string, modifiers: readonly Modifier[]): Promise<void> {
  if (contents === null) return;
  contents.focus();
  if (modifiers.length === 0) await contents.executeJavaScript("document.activeElement?.blur()");
  const event = { keyCode: key, modifiers: [...modifiers] };
  contents.sendInputEvent({ type: "keyDown", ...event });
  if (modifiers.length === 0) contents.sendInputEvent({ type: "char", ...event });
  contents.sendInputEvent({ type: "keyUp", ...event });
}
