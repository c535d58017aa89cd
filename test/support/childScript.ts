import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export interface Child {
  readonly process: ChildProcess;
  /** Lines of its standard output so far. */
  readonly lines: string[];
  /** Resolves with the first line that `accept` likes; rejects with the error output when the child ends before. */
  line(accept: (line: string, count: number) => boolean): Promise<string>;
  /** SIGKILL, then waits until the process is gone. */
  kill(): Promise<void>;
}

/** Runs a TypeScript file of test/support in a Node process of its own; killed at the end of the test. */
export function startChild(script: string, args: readonly string[]): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const lines: string[] = [];
  let errors = "";
  const waiting = new Set<() => void>();
  child.stderr.on("data", (chunk) => {
    errors += String(chunk);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  const line = (accept: (line: string, count: number) => boolean) =>
    new Promise<string>((resolve, reject) => {
      let seen = 0;
      const look = () => {
        for (; seen < lines.length; seen++) {
          const candidate = lines[seen] ?? "";
          if (!accept(candidate, seen + 1)) continue;
          waiting.delete(look);
          resolve(candidate);
          return;
        }
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`The child ended first. ${errors}`)));
    });
  return { process: child, lines, line, kill };
}
