/** `folkmoot serve` as a process of its own, as a person starts it; for the tests, the pictures and the benches. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");
/** Longest time from SIGTERM to the end, milliseconds; running jobs stop in it. */
const endMs = 20_000;

export interface ServeProcess extends AsyncDisposable {
  /** With the token. */
  readonly url: string;
  readonly pid: number;
  /** What it wrote to its standard error. */
  errors(): string;
  /** Ends it: `SIGTERM` as Ctrl+C does, `SIGKILL` as a crash of the machine would. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/**
 * @param workspace made when missing
 * @param env added to the environment of the process
 * @param entry of the command line; default: the one of this repository
 * @throws Error when the page is not built, or when the process ends before it serves
 */
export async function serveProcess(
  workspace: string,
  env: Readonly<Record<string, string>> = {},
  entry: string = join(root, "cli", "main.ts"),
): Promise<ServeProcess> {
  if (!existsSync(join(root, "dist", "renderer", "index.html")))
    throw new Error("The page is not built: npm run build.");
  const args = [entry, "serve", "--workspace", workspace, "--no-open", "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
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
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    if (over) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), endMs);
    await ended;
    clearTimeout(timer);
  };
  return {
    url,
    pid: child.pid ?? 0,
    errors: () => errors,
    end,
    [Symbol.asyncDispose]: () => end("SIGTERM"),
  };
}
