/** Starts the real Electron through Playwright's driver. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { _electron } from "playwright-core";
import type { Desktop, LaunchOptions } from "./desktop.ts";

const root = join(import.meta.dirname, "..", "..", "..");

/** The binary that `npm start` uses. @throws when it was not fetched */
export function realElectron(): string {
  const folder = join(root, "node_modules", "electron");
  const path = join(folder, "dist", readFileSync(join(folder, "path.txt"), "utf8").trim());
  if (!existsSync(path)) throw new Error("Electron's binary is not there.");
  return path;
}

export async function launchReal(options: LaunchOptions, executablePath: string): Promise<Desktop> {
  const { entry, userData, args = [], env = {} } = options;
  const sandbox = process.platform === "linux" && process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const application = await _electron.launch({
    executablePath,
    args: [...sandbox, `--user-data-dir=${userData}`, compiled(entry), ...args],
    env: { ...(process.env as Record<string, string>), ...env },
  });
  const child = application.process();
  let errors = "";
  child.stderr?.on("data", (data: Buffer) => {
    errors += data.toString("utf8");
  });
  const exited = new Promise<number | null>((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode);
    child.once("exit", (code) => resolve(code));
  });
  return {
    page: async () => {
      const isOwn = (url: string) => url.startsWith("app://");
      const open = application.windows().find((page) => isOwn(page.url()));
      return open ?? application.waitForEvent("window", { predicate: (page) => isOwn(page.url()) });
    },
    evaluate: (run, argument) => application.evaluate(run as never, argument as never) as never,
    pid: child.pid ?? 0,
    exited,
    errors: () => errors,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null) child.kill("SIGKILL");
      await exited;
    },
  };
}

let built: string | null = null;

/** The entry as JavaScript: the real binary is started with what the build makes, test entries included. */
function compiled(entry: string): string {
  const folder = join(root, "out", "test-electron");
  if (built === null) {
    mkdirSync(folder, { recursive: true });
    const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
    const project = join(root, "test", "support", "electron", "tsconfig.json");
    const child = spawnSync(process.execPath, [compiler, "-p", project, "--outDir", folder], { encoding: "utf8" });
    if (child.status !== 0) throw new Error(`The test entries do not compile.\n${child.stdout}`);
    for (const name of ["package.json", "resources"]) cpSync(join(root, name), join(folder, name), { recursive: true });
    const modules = join(folder, "node_modules");
    if (!existsSync(modules)) symlinkSync(join(root, "node_modules"), modules, "junction");
    built = folder;
  }
  return join(built, dirname(relative(root, entry)), basename(entry).replace(/\.ts$/, ".js"));
}
