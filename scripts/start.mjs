/**
 * `npm start`: the window where Electron runs, else the same workbench in the default browser, with one line that says
 * why. Model files among the arguments are added to the library; flags go to `folkmoot serve`.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild, startedBy } from "./setup/child.mjs";
import { getElectron, screenProblem, thisMachine } from "./setup/electron.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const parents = startedBy();

/** An Electron that ends this early never showed its window, milliseconds. */
const earlyMs = 5_000;

/** @param {string} reason */
function serveInstead(reason) {
  console.error(`Electron's window cannot be opened: ${reason}. The same workbench opens in your browser.`);
  const flags = args.filter((argument) => !argument.toLowerCase().endsWith(".gguf"));
  run(process.execPath, [join(root, "dist", "cli", "main.js"), "serve", ...flags]);
}

/**
 * @param {string} command
 * @param {string[]} parameters
 * @param {(status: number) => void} [ended]
 */
function run(command, parameters, ended) {
  runChild(command, parameters, { cwd: root, parents }, ended);
}

/** @param {string} binary */
function openWindow(binary) {
  const start = performance.now();
  run(binary, [root, ...args], (status) => {
    // 0: closed by a person, or handed over to the instance that runs; 2: it said itself what was wrong.
    if (status === 0 || status === 2 || performance.now() - start > earlyMs) process.exitCode = status;
    else serveInstead(`it ended at once with status ${status}`);
  });
}

const screen = screenProblem(thisMachine());
const electron = screen === null ? getElectron(root, console.error) : { problem: screen };
if ("binary" in electron) openWindow(electron.binary);
else serveInstead(electron.problem);
