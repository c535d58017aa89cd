/** From start to quit: one instance, one window, one workbench. */
import { join } from "node:path";
import {
  app,
  type BrowserWindow,
  clipboard,
  dialog,
  type MessagePortMain,
  session,
  shell,
  type WebContents,
} from "electron";
import { z } from "zod";
import { toFolkmootError } from "../core/contract/errors.ts";
import { openPageFiles } from "../core/page/pageFiles.ts";
import { diagnosticsText, keepCrashDumps } from "./diagnostics.ts";
import { handOutLines, type Lines, watchForeignChannels } from "./ipc.ts";
import { type JobWatch, watchJobs } from "./jobWatch.ts";
import { RecentLog } from "./log.ts";
import { bringUp, openMainWindow } from "./mainWindow.ts";
import { installMenus } from "./menus.ts";
import { registerPageScheme, servePage } from "./protocol.ts";
import { closeQuestion, quitQuestion } from "./quitGuard.ts";
import { hardenContents, hardenSession, offlineSwitches } from "./security.ts";
import { desktopShell } from "./shell.ts";
import { modelFiles } from "./startArguments.ts";
import type { DesktopWorkbench, OpenWorkbench } from "./workbench.ts";

export interface ApplicationOptions {
  readonly openWorkbench: OpenWorkbench;
  /** Absolute path of dist/renderer. */
  readonly pageFolder: string;
  /** Absolute path of the preload. */
  readonly preload: string;
  /** Absolute path of the workspace. */
  readonly workspace: string;
}

/** Longest wait at the end for jobs to write what they have, milliseconds. */
const windDownMs = 10_000;
/** Without a window and without work the program stays so long, for a click on its last notification; milliseconds. */
const idleMs = 60_000;

/** What a second instance passes to the first. */
const secondInstance = z.object({ files: z.array(z.string().max(4096)).max(100) });

/** Called before the app is ready; returns when the window is open, or at once when another instance runs. */
export async function startApplication(options: ApplicationOptions): Promise<void> {
  const files = modelFiles(process.argv.slice(1), process.cwd());
  if (!app.requestSingleInstanceLock({ files })) {
    app.quit();
    return;
  }
  const application = new Application(options);
  application.prepare();
  await app.whenReady();
  try {
    await application.open(files);
  } catch (error) {
    const { message, reason, action, code } = toFolkmootError(error);
    dialog.showErrorBox("Folkmoot cannot start", [message, reason, action].filter(Boolean).join("\n\n"));
    app.exit(code === "internal" ? 1 : 2);
  }
}

class Application {
  private readonly options: ApplicationOptions;
  private readonly log = new RecentLog();
  private window: BrowserWindow | null = null;
  private workbench: Promise<DesktopWorkbench> | null = null;
  private lines: Lines | null = null;
  private watch: JobWatch | null = null;
  private asking = false;
  private ending: "no" | "asked" | "done" = "no";

  constructor(options: ApplicationOptions) {
    this.options = options;
  }

  /** What has to stand before the app is ready. */
  prepare(): void {
    keepCrashDumps();
    registerPageScheme();
    app.enableSandbox();
    for (const [name, value] of offlineSwitches) app.commandLine.appendSwitch(name, value);
    app.on("web-contents-created", (_event, contents) => {
      hardenContents(contents, this.log);
      watchForeignChannels(contents, this.log);
    });
    app.on("second-instance", (_event, _argv, _folder, data) => {
      this.show();
      const passed = secondInstance.safeParse(data);
      if (passed.success) void this.addModels(passed.data.files);
    });
    app.on("open-file", (event, path) => {
      event.preventDefault();
      void this.addModels(modelFiles([path], "/"));
    });
    app.on("activate", () => this.show());
    app.on("window-all-closed", () => this.onNoWindow());
    app.on("before-quit", (event) => this.onQuit(event));
    app.on("child-process-gone", (_event, { type, name, reason, exitCode }) =>
      this.log.add("main", `process ${name ?? type} ended: ${reason} (${exitCode})`),
    );
    // A terminal or the system ends the program: nobody is there to be asked, and nothing finished is lost.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void this.end());
  }

  async open(files: readonly string[]): Promise<void> {
    const { openWorkbench, pageFolder, workspace } = this.options;
    hardenSession(session.defaultSession, this.log);
    servePage(session.defaultSession, await openPageFiles(pageFolder), this.log);
    // The window paints while the workbench opens; the page's line waits for it.
    this.workbench = openWorkbench({
      workspace,
      shell: desktopShell(() => this.window),
      onLog: (source, text) => this.log.add(source, text),
      onRestart: () => this.lines?.renew(),
    });
    this.lines = handOutLines(
      (contents) => this.isOwnWindow(contents),
      (port) => void this.connect(port),
      this.log,
    );
    installMenus({
      contents: () => this.window?.webContents ?? null,
      newWindow: () => this.show(),
      openWorkspace: () => void shell.openPath(workspace),
      copyDiagnostics: () => void this.copyDiagnostics(),
      platform: process.platform,
    });
    this.show();
    const { client } = await this.workbench;
    this.watch = watchJobs({ client, window: () => this.window, show: () => this.show(), log: this.log });
    await this.addModels(files);
  }

  /** A workbench that does not open is told by `startApplication`; the page then hears its line close. */
  private async connect(port: MessagePortMain): Promise<void> {
    const workbench = await this.workbench?.catch(() => null);
    if (workbench == null) port.close();
    else workbench.serve(port);
  }

  private isOwnWindow(contents: WebContents): boolean {
    return this.window !== null && !this.window.isDestroyed() && this.window.webContents === contents;
  }

  private show(): void {
    if (this.ending === "done" || !app.isReady() || this.lines === null) return;
    if (this.window !== null) {
      bringUp(this.window);
      return;
    }
    const { preload, pageFolder } = this.options;
    const icon = join(pageFolder, "icon.png");
    const window = openMainWindow({ preload, icon, log: this.log, now: () => performance.now() });
    this.window = window;
    window.on("close", (event) => this.onClose(event, window));
    window.on("closed", () => {
      this.window = null;
    });
  }

  private onClose(event: { preventDefault(): void }, window: BrowserWindow): void {
    const busy = this.watch?.jobs.busy() ?? [];
    if (this.ending !== "no" || busy.length === 0) return;
    event.preventDefault();
    void this.ask(async () => {
      const choice = closeQuestion.choice((await dialog.showMessageBox(window, closeQuestion.box(busy))).response);
      if (choice === "keep-running") window.destroy();
      if (choice === "stop") await this.end();
    });
  }

  private onNoWindow(): void {
    const busy = this.watch?.jobs.busy() ?? [];
    if (busy.length === 0 && process.platform !== "darwin") app.quit();
    else if (this.ending === "no") setTimeout(() => this.window === null && this.onNoWindow(), idleMs).unref();
  }

  private onQuit(event: { preventDefault(): void }): void {
    if (this.ending === "done") return;
    event.preventDefault();
    const busy = this.watch?.jobs.busy() ?? [];
    if (busy.length === 0) void this.end();
    else
      void this.ask(async () => {
        const box = quitQuestion.box(busy);
        const answer = this.window === null ? dialog.showMessageBox(box) : dialog.showMessageBox(this.window, box);
        if (quitQuestion.choice((await answer).response) === "stop") await this.end();
      });
  }

  /** One question at a time. */
  private async ask(question: () => Promise<void>): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      await question();
    } finally {
      this.asking = false;
    }
  }

  /** Ends jobs and hosts in order, then the program. */
  private async end(): Promise<void> {
    if (this.ending !== "no") return;
    this.ending = "asked";
    this.watch?.dispose();
    this.lines?.dispose();
    const late = new Promise((resolve) => setTimeout(resolve, windDownMs).unref());
    await Promise.race([this.closeWorkbench(), late]);
    this.ending = "done";
    app.quit();
  }

  private async closeWorkbench(): Promise<void> {
    try {
      await (await this.workbench)?.[Symbol.asyncDispose]();
    } catch (error) {
      console.error(error); // what is on the disk is whole at every moment; the program ends all the same
    }
  }

  private async addModels(files: readonly string[]): Promise<void> {
    const workbench = await this.workbench;
    for (const path of files) {
      await workbench?.client.models.add({ path }).catch(async (thrown: unknown) => {
        const error = toFolkmootError(thrown);
        const box = { type: "error" as const, message: error.message, detail: error.action };
        await (this.window === null ? dialog.showMessageBox(box) : dialog.showMessageBox(this.window, box));
      });
    }
  }

  private async copyDiagnostics(): Promise<void> {
    const workbench = await this.workbench;
    if (workbench != null) clipboard.writeText(await diagnosticsText(workbench.client, this.log));
  }
}
