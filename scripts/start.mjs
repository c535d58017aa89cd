/** `npm start` while there is no window: says so, and shows what the terminal offers. */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
console.log("Folkmoot has no window yet; everything it can do is here in the terminal (npx folkmoot …).\n");
const help = spawnSync(process.execPath, [join(root, "dist", "cli", "main.js"), "--help"], { stdio: "inherit" });
process.exitCode = help.status ?? 1;
