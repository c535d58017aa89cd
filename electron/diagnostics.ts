/** The text of "Copy diagnostics": what the workbench knows about itself, and what only main knows. No model text. */
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { basename } from "node:path";
import { app, crashReporter } from "electron";
import type { WorkbenchClient } from "../core/contract/workbench.ts";
import { type RecentLog, withoutHome } from "./log.ts";

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

/** Dumps are kept here and sent nowhere. Before the app is ready. */
export function keepCrashDumps(): void {
  crashReporter.start({ uploadToServer: false, compress: true });
}

async function crashDumps(): Promise<string[]> {
  const names = await readdir(app.getPath("crashDumps"), { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith(".dmp")).map((name) => basename(name));
}
