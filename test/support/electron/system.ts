/** The parts of the system that a headless machine does not have; they remember what they were told. */
import { EventEmitter } from "node:events";

interface BoxOptions {
  readonly cancelId?: number;
}

/** Nobody is there: every question is cancelled, unless a test puts its own answer in place of the function. */
export const dialog = {
  showMessageBox: async (...args: [BoxOptions] | [unknown, BoxOptions]) => ({
    response: (args.at(-1) as BoxOptions).cancelId ?? 0,
    checkboxChecked: false,
  }),
  showOpenDialog: async (..._args: unknown[]) => ({ canceled: true, filePaths: [] as string[] }),
  showSaveDialog: async (..._args: unknown[]) => ({ canceled: true, filePath: "" }),
  showErrorBox: (title: string, content: string) => console.error(`${title}\n${content}`),
};

let clipboardText = "";
export const clipboard = {
  writeText: (text: string) => {
    clipboardText = text;
  },
  readText: () => clipboardText,
};

export const shell = {
  showItemInFolder: (_path: string) => {},
  openPath: async (_path: string) => "",
  openExternal: async (_url: string) => {},
};

export const nativeTheme = { shouldUseDarkColors: true };

export class Notification extends EventEmitter {
  readonly title: string;
  readonly body: string;

  constructor({ title = "", body = "" }: { title?: string; body?: string }) {
    super();
    this.title = title;
    this.body = body;
  }

  static isSupported(): boolean {
    return true;
  }

  show(): void {
    setImmediate(() => this.emit("show"));
  }

  close(): void {
    setImmediate(() => this.emit("close"));
  }
}

const blockers = new Set<number>();
export const powerSaveBlocker = {
  start: (type: string) => {
    if (type !== "prevent-app-suspension" && type !== "prevent-display-sleep")
      throw new TypeError(`Unknown type ${type}`);
    const id = blockers.size;
    blockers.add(id);
    return id;
  },
  stop: (id: number) => blockers.delete(id),
  isStarted: (id: number) => blockers.has(id),
};

let crashOptions: { uploadToServer?: boolean; submitURL?: string } | null = null;
export const crashReporter = {
  start: (options: { uploadToServer?: boolean; submitURL?: string }) => {
    if (options.uploadToServer !== false && options.submitURL === undefined)
      throw new Error("submitURL must be specified when uploadToServer is true");
    crashOptions = options;
  },
  getUploadToServer: () => crashOptions?.uploadToServer ?? true,
  getUploadedReports: () => [],
};
