/** What `npm start` starts must not stay behind when npm is told to end, or is gone. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { isAlive } from "../../support/isAlive.ts";

const helper = pathToFileURL(join(import.meta.dirname, "../../../scripts/setup/child.mjs")).href;
/** The task: says its pid and would run for ever. */
const task = "console.log(process.pid); setInterval(() => {}, 1000);";
const runner = `
  import { runChild, startedBy } from ${JSON.stringify(helper)};
  runChild(process.execPath, ["-e", ${JSON.stringify(task)}], { cwd: process.cwd(), parents: startedBy() });
`;
/** As npm does it: a shell that stays and passes no signal on. */
const shell = `"$NODE" --input-type=module -e "$RUNNER"; true`;
const npm = `
  const { spawn } = require("node:child_process");
  const child = spawn("sh", ["-c", ${JSON.stringify(shell)}], { stdio: "inherit" });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", () => process.exit());
`;

describe.skipIf(process.platform === "win32")("a task that npm started", () => {
  const started: { npm: ChildProcess; task: number }[] = [];
  afterEach(() => {
    for (const { npm, task } of started.splice(0)) {
      npm.kill("SIGKILL");
      if (isAlive(task)) process.kill(task, "SIGKILL");
    }
  });

  async function start(variables: Readonly<Record<string, string>>) {
    const { npm_lifecycle_event: _, ...plain } = process.env;
    const env = { ...plain, NODE: process.execPath, RUNNER: runner, ...variables };
    const child = spawn(process.execPath, ["-e", npm], { env, stdio: ["ignore", "pipe", "inherit"] });
    const [pid] = (await once(child.stdout, "data")) as [Buffer];
    const run = { npm: child, task: Number(pid.toString()) };
    started.push(run);
    expect(isAlive(run.task)).toBe(true);
    return run;
  }

  it.each(["SIGTERM", "SIGHUP", "SIGKILL"] as const)(
    "ends when npm gets %s",
    async (signal) => {
      const run = await start({ npm_lifecycle_event: "start" });
      run.npm.kill(signal);
      await expect.poll(() => isAlive(run.task), { timeout: 15_000 }).toBe(false);
    },
    30_000,
  );

  it("outlives its shell where npm did not start it", async () => {
    const run = await start({});
    run.npm.kill("SIGKILL");
    await once(run.npm, "exit");
    // Longer than it takes to notice.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(isAlive(run.task)).toBe(true);
  }, 30_000);
});
