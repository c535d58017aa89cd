/** Processes of the bench: started, asked one question at a time, ended. */
import { type ChildProcess, fork } from "node:child_process";

export interface AskedProcess extends AsyncDisposable {
  /** The next thing that it says after `question`; null asks nothing and waits. */
  ask<Answer>(question: unknown): Promise<Answer>;
}

export function startProcess(
  entry: URL,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): AskedProcess {
  const child: ChildProcess = fork(entry, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ask = <Answer>(question: unknown) =>
    new Promise<Answer>((resolve, reject) => {
      void ended.then(() => reject(new Error(`${entry.pathname} has ended.`)));
      child.once("message", (answer) => resolve(answer as Answer));
      if (question !== null) child.send(question as object);
    });
  return {
    ask,
    [Symbol.asyncDispose]: async () => {
      // It may have ended by itself.
      if (child.connected) child.send("end", () => {});
      const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await ended;
      clearTimeout(timer);
    },
  };
}
