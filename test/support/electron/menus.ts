/** `Menu`. */
import { app } from "./app.ts";
import { BrowserWindow } from "./windows.ts";

interface Template {
  readonly id?: string;
  readonly label?: string;
  readonly role?: string;
  readonly type?: string;
  readonly accelerator?: string;
  readonly click?: (...args: unknown[]) => void;
  readonly submenu?: readonly Template[];
}

/** Electron throws for a role that it does not know. */
const roles = new Set(
  "appMenu close quit editMenu viewMenu windowMenu help resetZoom zoomIn zoomOut togglefullscreen reload toggleDevTools about".split(
    " ",
  ),
);

export class MenuItem {
  readonly id: string | undefined;
  readonly label: string;
  readonly role: string | undefined;
  readonly accelerator: string | undefined;
  readonly submenu: Menu | undefined;
  private readonly action: ((...args: unknown[]) => void) | undefined;

  constructor({ id, label = "", role, accelerator, click, submenu }: Template) {
    if (role !== undefined && !roles.has(role)) throw new Error(`Unknown role ${role}`);
    this.id = id;
    this.label = label;
    this.role = role;
    this.accelerator = accelerator;
    this.action = click;
    this.submenu = submenu === undefined ? undefined : Menu.buildFromTemplate(submenu);
  }

  click(): void {
    const window = BrowserWindow.getAllWindows()[0];
    if (this.role === "quit") app.quit();
    else if (this.role === "close") window?.close();
    else if (this.role === "reload") window?.webContents.reload();
    else this.action?.(this, window, {});
  }
}

export class Menu {
  private static current: Menu | null = null;
  readonly items: readonly MenuItem[];

  constructor(items: readonly MenuItem[] = []) {
    this.items = items;
  }

  static buildFromTemplate(template: readonly Template[]): Menu {
    return new Menu(template.map((item) => new MenuItem(item)));
  }

  static setApplicationMenu(menu: Menu | null): void {
    Menu.current = menu;
  }

  static getApplicationMenu(): Menu | null {
    return Menu.current;
  }

  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : (item.submenu?.getMenuItemById(id) ?? null);
      if (found !== null) return found;
    }
    return null;
  }
}
