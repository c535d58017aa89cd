import { join } from "node:path";
import { expect, it } from "vitest";
import type { JobState, ListFrame } from "../../../core/contract/workbench/runs.ts";
import { describeInChromium } from "../../support/chromium.ts";
import { type Desktop, eventually } from "../../support/electron/desktop.ts";
import type { Fixture } from "../../support/electron/fixtureMain.ts";
import { launchFixture, lineOpen, userDataFolder } from "../../support/electron/launchFixture.ts";

declare const fixture: Fixture;

const model = join(import.meta.dirname, "..", "..", "fixtures", "cases", "llama", "model.gguf");

async function start(options: Parameters<typeof launchFixture>[0] = {}) {
  const desktop = await launchFixture(options);
  await lineOpen(await desktop.page());
  return desktop;
}

/** The list of jobs as the workbench says it: one export in this state. */
function frame(state: JobState, done = 0, total: number | null = null): ListFrame {
  const progress = { stage: "export", done, total, unit: "bytes", rate: null, secondsLeft: null };
  const job = {
    job: "village:export-1",
    kind: "export" as const,
    name: "Export of village",
    state,
    error:
      state === "failed" ? { code: "disk-full" as const, message: "No space is left.", action: "Free some." } : null,
    waitsFor: null,
    actions: [],
    progress,
    started: 0,
    ended: null,
    run: "village",
  };
  return { position: { epoch: "e", seq: 1 }, reset: false, runs: [], removed: [], jobs: [job] };
}

const say = (desktop: Desktop, next: ListFrame) => desktop.evaluate((_electron, next) => fixture.say(next), next);

/** Every question of main is answered with the button of this label; what was asked is kept. */
const answer = (desktop: Desktop, label: string) =>
  desktop.evaluate(({ dialog }, label) => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    dialog.showMessageBox = (async (...args: unknown[]) => {
      const options = args.at(-1) as { message: string; buttons?: string[] };
      asked.push(options.message);
      return { response: Math.max(0, options.buttons?.indexOf(label) ?? 0), checkboxChecked: false };
    }) as never;
  }, label);
const asked = (desktop: Desktop) => desktop.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);

/** Main hears of the jobs through its own watch; the taskbar shows that it did. */
async function busy(desktop: Desktop, state: JobState = "running"): Promise<void> {
  await desktop.evaluate(({ BrowserWindow }) => {
    const window = BrowserWindow.getAllWindows()[0];
    const bars: unknown[] = [];
    Object.assign(globalThis, { bars });
    if (window !== undefined) window.setProgressBar = (...args: unknown[]) => void bars.push(args);
  });
  await say(desktop, frame(state, 1, 4));
  await eventually(async () => (await bars(desktop)).length > 0);
}
const bars = (desktop: Desktop) => desktop.evaluate(() => (globalThis as unknown as { bars: unknown[] }).bars);
const quit = (desktop: Desktop) => desktop.evaluate(({ app }) => setTimeout(() => app.quit()) && undefined);
const closeWindow = (desktop: Desktop) =>
  desktop.evaluate(({ BrowserWindow }) => {
    const window = BrowserWindow.getAllWindows()[0];
    setTimeout(() => window?.close());
  });
const windows = (desktop: Desktop) => desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);

describeInChromium("one instance", () => {
  it("a second start focuses the first, hands over its model and ends at once", async () => {
    using folder = userDataFolder();
    await using first = await start({ userData: folder.path });
    await first.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize());
    await using second = await launchFixture({
      userData: folder.path,
      args: [model, "--flag", "notes.txt", "https://host/x.gguf"],
    });
    expect(await second.exited).toBe(0);
    await eventually(async () => (await first.evaluate(() => [...fixture.models])).length > 0);
    expect(await first.evaluate(() => [...fixture.models])).toEqual([model]);
    const state = await first.evaluate(({ BrowserWindow }) => {
      const window = BrowserWindow.getAllWindows()[0];
      return { minimized: window?.isMinimized(), focused: window?.isFocused() };
    });
    expect(state).toEqual({ minimized: false, focused: true });
    expect(await windows(first)).toBe(1);
  });

  it("a model that cannot be added is told, not swallowed", async () => {
    using folder = userDataFolder();
    await using first = await start({ userData: folder.path });
    await answer(first, "OK");
    await using second = await launchFixture({ userData: folder.path, args: ["/missing/m.gguf"] });
    await second.exited;
    await eventually(async () => (await asked(first)).length > 0);
    expect(await asked(first)).toEqual(["/missing/m.gguf is not there."]);
  });
});

describeInChromium("quit", () => {
  it("without jobs asks nothing and closes the workbench in order", async () => {
    await using desktop = await start();
    await desktop.evaluate(({ app }) => {
      app.on("quit", () => console.error(`closed in order: ${fixture.closed}`));
    });
    await quit(desktop);
    expect(await desktop.exited).toBe(0);
    expect(desktop.errors()).toContain("closed in order: true");
  });

  it("with a job asks; cancelled, everything stays; confirmed, it ends", async () => {
    await using desktop = await start();
    await busy(desktop);
    await answer(desktop, "Cancel");
    await quit(desktop);
    await eventually(async () => (await asked(desktop)).length === 1);
    expect(await asked(desktop)).toEqual(["Stop and quit? A job is still running."]);
    expect(await windows(desktop)).toBe(1);
    await answer(desktop, "Stop and quit");
    await quit(desktop);
    expect(await desktop.exited).toBe(0);
  });

  it("asks nothing when a job is paused or has ended", async () => {
    await using desktop = await start();
    await busy(desktop, "paused");
    await answer(desktop, "Cancel");
    await quit(desktop);
    expect(await desktop.exited).toBe(0);
  });

  it("on a signal asks nothing", async () => {
    await using desktop = await start();
    await busy(desktop);
    await answer(desktop, "Cancel");
    process.kill(desktop.pid, "SIGTERM");
    expect(await desktop.exited).toBe(0);
  });
});

describeInChromium("closing the window", () => {
  it("with a job may leave it running; a second start brings the window back, with a line", async () => {
    using folder = userDataFolder();
    await using desktop = await start({ userData: folder.path });
    await busy(desktop);
    await answer(desktop, "Close and keep running");
    await closeWindow(desktop);
    await eventually(async () => (await windows(desktop)) === 0);
    expect(await asked(desktop)).toEqual(["A job is still running."]);
    await using second = await launchFixture({ userData: folder.path });
    expect(await second.exited).toBe(0);
    await eventually(async () => (await windows(desktop)) === 1);
    await lineOpen(await desktop.page());
  });

  it("with a job may be cancelled", async () => {
    await using desktop = await start();
    await busy(desktop);
    await answer(desktop, "Cancel");
    await closeWindow(desktop);
    await eventually(async () => (await asked(desktop)).length === 1);
    expect(await windows(desktop)).toBe(1);
  });

  it.skipIf(process.platform === "darwin")("without a job ends the program", async () => {
    await using desktop = await start();
    await closeWindow(desktop);
    expect(await desktop.exited).toBe(0);
  });
});

describeInChromium("while jobs run", () => {
  it("the taskbar shows how far, the system stays awake, and a notification tells the end", async () => {
    await using desktop = await start();
    await desktop.evaluate(({ BrowserWindow, Notification, powerSaveBlocker }) => {
      const shown: string[] = [];
      const awake: boolean[] = [];
      Object.assign(globalThis, { shown, awake });
      Notification.prototype.show = function show(this: { title: string; body: string }) {
        shown.push(`${this.title}: ${this.body}`);
      };
      powerSaveBlocker.start = () => {
        awake.push(true);
        return 7;
      };
      powerSaveBlocker.stop = ((id: number) => awake.push(id !== 7)) as never;
      BrowserWindow.getAllWindows()[0]?.blur();
    });
    await busy(desktop);
    await say(desktop, frame("running", 3, 4));
    await say(desktop, frame("running", 5, null));
    await say(desktop, frame("paused", 3, 4));
    await say(desktop, frame("running", 3, 4));
    await say(desktop, frame("failed"));
    await eventually(async () => (await bars(desktop)).length === 6);
    expect(await bars(desktop)).toEqual([
      [0.25, { mode: "normal" }],
      [0.75, { mode: "normal" }],
      [2, { mode: "indeterminate" }],
      [0.75, { mode: "paused" }],
      [0.75, { mode: "normal" }],
      [-1],
    ]);
    const told = await desktop.evaluate(() => {
      const { shown, awake } = globalThis as unknown as { shown: string[]; awake: boolean[] };
      return { shown, awake };
    });
    expect(told).toEqual({
      shown: ["Export of village has failed: No space is left."],
      awake: [true, false, true, false],
    });
  });
});

describeInChromium("a start that fails", () => {
  it("says why and what to do, and ends with a status", async () => {
    await using desktop = await launchFixture({ env: { FIXTURE_WORKSPACE: "/tmp/locked" } });
    expect(await desktop.exited).toBe(2);
    expect(desktop.errors()).toContain("Folkmoot cannot start\nIt is open elsewhere.\n\nClose the other one.");
  });
});
