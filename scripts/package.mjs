/** `npm run package`: the installers of this platform, into out/packages. Arguments go to electron-builder, e.g. `--dir`. */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { getElectron } from "./setup/electron.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const electron = getElectron(root, console.error);
if ("problem" in electron) {
  console.error(`Nothing can be packed: ${electron.problem}.\n  Run it where the network can be reached once.`);
  process.exitCode = 1;
} else {
  const builder = join(root, "node_modules", "electron-builder", "cli.js");
  // The Electron that was tested is the one that is packed.
  const options = ["--publish", "never", `-c.electronDist=${join(root, "node_modules", "electron", "dist")}`];
  const child = spawnSync(process.execPath, [builder, ...options, ...process.argv.slice(2)], {
    cwd: root,
    stdio: "inherit",
  });
  process.exitCode = child.status ?? 1;
}
