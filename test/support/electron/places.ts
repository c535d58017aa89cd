/** Folders of the app; `--user-data-dir` names the first, as for any Chromium. */
import { mkdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const argument = process.argv.find((text) => text.startsWith("--user-data-dir="));
const userData = argument?.slice("--user-data-dir=".length) ?? join(tmpdir(), "folkmoot-stand-in");

export function place(name: string): string {
  const folders: Record<string, string> = {
    userData,
    crashDumps: join(userData, "Crashpad"),
    logs: join(userData, "logs"),
    documents: join(homedir(), "Documents"),
    home: homedir(),
    temp: tmpdir(),
  };
  const folder = folders[name];
  if (folder === undefined) throw new Error(`Failed to get '${name}' path`);
  if (folder.startsWith(userData)) mkdirSync(folder, { recursive: true });
  return folder;
}

export function profileFolder(): string {
  return join(place("userData"), "chromium");
}
