/** Starts `folkmoot` from source as a process of its own, as a person does. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const main = join(import.meta.dirname, "..", "..", "..", "cli", "main.ts");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when stdout or stderr holds `text`; rejects when the process ends without. */
  says(text: string): Promise<void>;
}

/** In a process group of its own, so that a test can interrupt it the way a terminal does: `process.kill(-pid)`. */
export function startFolkmoot(args: readonly string[]): Running {
  const child = spawn(process.execPath, [main, ...args], { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  const waiting: { text: string; resolve: () => void; reject: (error: Error) => void }[] = [];
  const look = () => {
    for (const waiter of waiting) if (stdout.includes(waiter.text) || stderr.includes(waiter.text)) waiter.resolve();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    look();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code, signal) => {
      for (const { text, reject } of waiting) reject(new Error(`ended before it said "${text}":\n${stderr}`));
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    child,
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        waiting.push({ text, resolve, reject });
        look();
      }),
  };
}

export function runFolkmoot(args: readonly string[]): Promise<Ended> {
  return startFolkmoot(args).ended;
}
