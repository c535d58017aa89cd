/** `folkmoot serve` as a process of its own, as a person starts it. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { WorkbenchClient } from "../../../core/contract/workbench.ts";
import { openLine } from "../../support/workbenchFaces.ts";
import { guardVariable } from "./loopbackGuard.ts";

const root = join(import.meta.dirname, "..", "..", "..");
/** Longest time from SIGTERM to the end, milliseconds; running jobs stop in it. */
const endMs = 20_000;

export interface Serving extends AsyncDisposable {
  /** With the token. */
  readonly url: string;
  readonly workspace: string;
  /** Asks the workbench over a line of its own, as a second face would. */
  ask<Answer>(question: (client: WorkbenchClient) => Promise<Answer>): Promise<Answer>;
  /** What it or one of its host processes wanted to connect to outside this machine. */
  connections(): string[];
  /** What it wrote to its standard error. */
  errors(): string;
  /** Ends it at once, as a crash of the machine would. */
  kill(): Promise<void>;
}

/** @param folder the workspace and the guard's file go below it */
export async function startServing(folder: string): Promise<Serving> {
  if (!existsSync(join(root, "dist", "renderer", "index.html")))
    throw new Error("The page is not built. Run the tests by `npm test`, which builds it, or `npm run build` first.");
  const [workspace, guarded] = [join(folder, "workspace"), join(folder, "connections.txt")];
  const guard = pathToFileURL(join(import.meta.dirname, "loopbackGuard.ts")).href;
  const args = [join(root, "cli", "main.ts"), "serve", "--workspace", workspace, "--no-open", "--json"];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: `--import=${guard}`, [guardVariable]: guarded },
  });
  let [out, errors, over] = ["", "", false];
  child.stderr.setEncoding("utf8").on("data", (data: string) => {
    errors += data;
  });
  const ended = new Promise<void>((resolve) =>
    child.once("exit", () => {
      over = true;
      resolve();
    }),
  );
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (data: string) => {
      out += data;
      if (out.includes("\n")) resolve(JSON.parse(out.slice(0, out.indexOf("\n"))).url);
    });
    void ended.then(() => reject(new Error(`folkmoot serve ended: ${errors}`)));
  });
  const end = async (signal: NodeJS.Signals) => {
    if (over) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), endMs);
    await ended;
    clearTimeout(timer);
  };
  return {
    url,
    workspace,
    ask: async (question) => {
      using line = await openLine(url);
      return await question(line.client);
    },
    connections: () => (existsSync(guarded) ? readFileSync(guarded, "utf8").trim().split("\n") : []),
    errors: () => errors,
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: () => end("SIGTERM"),
  };
}
