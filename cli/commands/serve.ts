/** `folkmoot serve`: the workbench in a browser on this machine. */
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { z } from "zod";
import { FolkmootError } from "../../core/contract/errors.ts";
import type { CommandContext } from "../context.ts";
import { openInBrowser } from "../openInBrowser.ts";
import type { RunCommand } from "../program.ts";
import { asNumber, badFlag } from "../settings/flags.ts";
import { absolute, addExample } from "./common.ts";

interface Flags {
  readonly workspace?: string;
  readonly port: string;
  readonly open: boolean;
  readonly json?: boolean;
}

/** Where a serving workbench leaves its address for a second one, readable by its owner alone. */
const addressFileName = "serve.json";
const address = z.object({ url: z.url(), pid: z.number().int() });

export function serveCommand(run: RunCommand): Command {
  const command = new Command("serve")
    .description(
      "Open the workbench in the browser. It is served on this machine alone, and only to who has the address with its token. Ctrl+C ends it; what is finished is kept.",
    )
    .option("--workspace <dir>", "folder of runs, data and settings (default: FOLKMOOT_WORKSPACE or ~/Folkmoot)")
    .option("--port <n>", "port on 127.0.0.1; 0 = any free one", "0")
    .option("--no-open", "do not start the browser")
    .option("--json", 'print one line {"url": "…"} on stdout and nothing else');
  addExample(command, "folkmoot serve --workspace ~/Folkmoot --no-open");
  command.action((flags: Flags) => run(command, (context) => serve(context, flags)));
  return command;
}

async function serve(context: CommandContext, flags: Flags): Promise<void> {
  const { terminal, workingFolder, signal } = context;
  const port = asNumber(flags.port, { flag: "--port", workingFolder });
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw badFlag("--port", `"${flags.port}" is no port`);
  const workspace = absolute(
    workingFolder,
    flags.workspace ?? process.env.FOLKMOOT_WORKSPACE ?? join(homedir(), "Folkmoot"),
  );
  const announce = async (url: string, words: string) => {
    // One line, whatever the mode: a program that starts us reads the first line.
    if (flags.json === true) terminal.jsonLine({ url });
    else terminal.result({ url }, `${words}\n\n  ${url}\n`);
    if (flags.open && !(await openInBrowser(url)))
      terminal.line("No browser could be started; open the address yourself.");
  };
  const { openWorkbench } = await import("../../core/workbench/openWorkbench.ts");
  const { startWebServer } = await import("../../core/workbench/serve/webServer.ts");
  const opened = await openWorkbench({ workspace }).catch(async (error: unknown) => {
    const url = await addressOfOther(error, workspace);
    if (url === null) throw error;
    await announce(url, `${(error as FolkmootError).message} It is open here:`);
    return null;
  });
  if (opened === null) return;
  await using workbench = opened;
  await using server = await startWebServer({ workbench, port, page: pageFolder() });
  const file = join(workspace, addressFileName);
  // Left behind by one that was killed; nobody else writes here while we have the workspace.
  await rm(file, { force: true });
  await writeFile(file, `${JSON.stringify({ url: server.url, pid: process.pid })}\n`, { flag: "wx", mode: 0o600 });
  try {
    await announce(server.url, "The workbench is open:");
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  } finally {
    await rm(file, { force: true });
  }
}

/** The address of the workbench that has the workspace, when it is one that serves and answers; else null. */
async function addressOfOther(error: unknown, workspace: string): Promise<string | null> {
  if (!(error instanceof FolkmootError) || error.code !== "workspace-locked") return null;
  try {
    const { url } = address.parse(JSON.parse(await readFile(join(workspace, addressFileName), "utf8")));
    await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(2000) });
    return url;
  } catch {
    return null;
  }
}

/** dist/renderer of the nearest folder above: the same from sources and from a build; null when it was not built. */
function pageFolder(): string | null {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    for (const candidate of [join(folder, "renderer"), join(folder, "dist", "renderer")])
      if (existsSync(join(candidate, "index.html")) && candidate.endsWith(join("dist", "renderer"))) return candidate;
    if (folder === dirname(folder)) return null;
  }
}
