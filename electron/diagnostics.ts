/** The text of "Copy diagnostics": what the workbench knows about itself, and what only main knows. No model text. */
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { basename } from "node:path";
import { app, crashReporter } from "electron";
import type { WorkbenchClient } from "../core/contract/workbench.ts";
import type { RecentLog } from "./log.ts";

export async function diagnosticsText(client: WorkbenchClient, log: RecentLog): Promise<string> {
  const workbench = await client.diagnostics().then(
    ({ text }) => text,
    (error: unknown) => `The workbench did not answer: ${String(error)}`,
  );
  const { electron, chrome, node } = process.versions;
  const sections = [
    workbench,
    `Electron ${electron}, Chromium ${chrome}, Node ${node}, ${process.platform} ${process.arch}`,
    `Graphics: ${JSON.stringify(app.getGPUFeatureStatus())}`,
    `Crash dumps on this machine: ${(await crashDumps()).join(", ") || "none"}`,
    `Last lines:\n${log.lines().join("\n")}`,
  ];
  return withoutHome(sections.join("\n\n"), homedir());
}

/** The home folder as `~`, in every spelling that JSON and URLs give it. */
export function withoutHome(text: string, home: string): string {
  const spellings = [home, JSON.stringify(home).slice(1, -1), home.replaceAll("\\", "/"), encodeURI(home)];
  return [...new Set(spellings)]
    .filter((spelling) => spelling.length > 1)
    .reduce((result, spelling) => result.replaceAll(spelling, "~"), text);
}

/** Dumps are kept here and sent nowhere. Before the app is ready. */
export function keepCrashDumps(): void {
  crashReporter.start({ uploadToServer: false, compress: true });
}

async function crashDumps(): Promise<string[]> {
  const names = await readdir(app.getPath("crashDumps"), { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith(".dmp")).map((name) => basename(name));
}
