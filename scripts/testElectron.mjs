/**
 * `npm run test:electron`: the specs of test/integration/electron on the real binary, through Playwright's Electron driver.
 * Where there is none, says SKIPPED and why; the same specs run under the stand-in in `npm test`.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { getElectron, screenProblem, thisMachine } from "./setup/electron.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const machine = thisMachine();
// The driver starts it as root without the sandbox: these are our own pages.
const screen = screenProblem({ ...machine, root: false });
const electron = getElectron(root, console.log);

if ("problem" in electron || screen !== null) {
  const reason = "problem" in electron ? electron.problem : `${screen}; run it under xvfb-run`;
  console.log(`SKIPPED: the specs of the real Electron did not run: ${reason}.`);
} else {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const env = { ...process.env, FOLKMOOT_DESKTOP: "real" };
  const options = ["run", "--no-file-parallelism", join("test", "integration", "electron")];
  const child = spawnSync(process.execPath, [vitest, ...options], { cwd: root, stdio: "inherit", env });
  process.exitCode = child.status ?? 1;
}
