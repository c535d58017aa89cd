#!/usr/bin/env node
/**
 * `folkmoot`. Under a Node that is too old it starts itself again under the Node that the package pins, so this file
 * imports nothing but Node's own modules before it knows.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Oldest Node that runs the workbench: 22.12. */
function isRecentEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 12);
}

/** node_modules/node of the nearest folder above that has it. */
function pinnedNode(from: string): string | null {
  const name = process.platform === "win32" ? "node.exe" : "node";
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", "node", "bin", name);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) return null;
  }
}

function startAgain(node: string): void {
  // The channel carries nothing: it closes when this process dies, however it does.
  const child = spawn(node, process.argv.slice(1), { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  // In a terminal Ctrl+C reaches the child by itself; this process stays to pass its exit status on.
  const inTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  process.on("SIGINT", () => {
    if (!inTerminal) child.kill("SIGINT");
  });
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal ?? "SIGTERM"];
  });
}

/** What was started again ends in order when the process that waits for it is gone. */
function endWithStarter(): void {
  if (process.channel == null) return;
  process.channel.unref();
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
}

if (isRecentEnough(process.versions.node)) {
  endWithStarter();
  const { runCommandLine } = await import("./commandLine.ts");
  await runCommandLine(process.argv.slice(2));
} else {
  const node = pinnedNode(dirname(fileURLToPath(import.meta.url)));
  if (node === null) {
    console.error(
      `Error (device-unsupported): Node ${process.version} is too old to run Folkmoot.\n  Do:   Install Node 24 (22.12 at least), or run "npm ci" in Folkmoot's folder, which brings its own.`,
    );
    process.exitCode = 9;
  } else startAgain(node);
}
