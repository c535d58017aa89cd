/**
 * A child that ends when this process is told to end, and when what started this process is gone: npm passes SIGTERM to
 * its shell alone (a shell that does not pass it on dies and leaves us), and dies of SIGHUP or SIGKILL without a word.
 */
import { execFileSync, spawn } from "node:child_process";
import { constants } from "node:os";

/** Milliseconds between two looks at what started this process. */
const lookMs = 1000;

/**
 * Pids that this process hangs on: its parent, and npm above the parent's shell where npm started it. Empty where it was
 * not started through npm: then it may outlive its shell, as any program may.
 * @returns {number[]}
 */
export function startedBy({ env, ppid, platform } = process) {
  if (env.npm_lifecycle_event === undefined) return [];
  if (platform === "win32") return [ppid];
  try {
    const above = Number(execFileSync("ps", ["-o", "ppid=", "-p", String(ppid)], { encoding: "utf8" }));
    // 1 is the first process of the system, which never goes.
    return [ppid, above].filter((pid) => Number.isInteger(pid) && pid > 1);
  } catch {
    return [ppid];
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/**
 * Terminal signals reach the child by themselves (same process group); a `kill` of this process is passed on.
 * @param {string} command
 * @param {readonly string[]} parameters
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, parents: readonly number[] }} options `parents`: from `startedBy`
 * @param {(status: number) => void} [ended] default: its status becomes that of this process
 */
export function runChild(
  command,
  parameters,
  { parents, ...options },
  ended = (status) => (process.exitCode = status),
) {
  const child = spawn(command, parameters, { ...options, stdio: "inherit" });
  process.on("SIGINT", () => {});
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
  const { ppid } = process;
  const looking = setInterval(() => {
    if (parents.length > 0 && (process.ppid !== ppid || !parents.every(isAlive))) child.kill("SIGTERM");
  }, lookMs);
  /** @param {number} status */
  const over = (status) => {
    clearInterval(looking);
    ended(status);
  };
  child.on("error", (error) => {
    console.error(`${command} could not be started: ${error.message}`);
    over(1);
  });
  child.on("exit", (code, signal) => over(code ?? 128 + constants.signals[signal ?? "SIGTERM"]));
}
