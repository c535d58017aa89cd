import { describe, expect, it } from "vitest";
import { hostEnd } from "../../../electron/hostEnd.ts";
import { RecentLog, withoutHome } from "../../../electron/log.ts";
import { modelFiles } from "../../../electron/startArguments.ts";
import { screenProblem } from "../../../scripts/setup/electron.mjs";

describe("arguments of a start", () => {
  it("are model files, made absolute; nothing else comes through", () => {
    const argv = [
      "a.gguf",
      "/m/B.GGUF",
      "--x=c.gguf",
      "notes.txt",
      "https://h/d.gguf",
      "file:///e.gguf",
      "//host/f.gguf",
      "\\\\host\\g.gguf",
      ".",
    ];
    expect(modelFiles(argv, "/work")).toEqual(["/work/a.gguf", "/m/B.GGUF"]);
  });
});

describe("the end of a utility process", () => {
  it.each([
    [0, null, { code: 0, signal: null }],
    [3, "abnormal-exit", { code: 3, signal: null }],
    [9, "killed", { code: null, signal: "SIGKILL" }],
    [1, "oom", { code: null, signal: "SIGKILL" }],
    [6, "crashed", { code: 6, signal: "SIGABRT" }],
    [139, "crashed", { code: 139, signal: "SIGSEGV" }],
    [0xc0000005 & 0xffffff80, "crashed", { code: 0xc0000005 & 0xffffff80, signal: null }],
    [7, "launch-failed", { code: null, signal: null, failure: "could not be launched (7)" }],
  ] as const)("%i, %s", (exitCode, reason, end) => {
    expect(hostEnd(exitCode, reason)).toEqual(end);
  });
});

describe("the log", () => {
  it("keeps the last lines only, each with its time and source, and none too long", () => {
    const log = new RecentLog(() => new Date(0));
    for (let line = 0; line < 500; line++) log.add("engine", `line ${line}\n\n`);
    log.add("engine", "x".repeat(10_000));
    expect(log.lines().length).toBe(200);
    expect(log.lines()[0]).toBe("1970-01-01T00:00:00.000Z engine: line 301");
    expect(log.lines().at(-1)?.length).toBeLessThan(600);
  });

  it("gives the home folder away in no spelling", () => {
    const home = "C:\\Users\\Ann Bee";
    const text = `${home}\\m.gguf ${JSON.stringify({ path: home })} file:///C:/Users/Ann Bee/m C:/Users/Ann%20Bee`;
    expect(withoutHome(text, home)).not.toMatch(/Ann/);
    expect(withoutHome("nothing", "")).toBe("nothing");
  });
});

describe("where no window can be", () => {
  it("is a Linux without a screen, and root", () => {
    expect(screenProblem({ platform: "linux", env: {}, root: false })).toContain("screen");
    expect(screenProblem({ platform: "linux", env: { DISPLAY: ":0" }, root: true })).toContain("root");
    expect(screenProblem({ platform: "linux", env: { WAYLAND_DISPLAY: "wayland-0" }, root: false })).toBeNull();
    expect(screenProblem({ platform: "win32", env: {}, root: false })).toBeNull();
  });
});
