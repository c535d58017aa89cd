/**
 * What `npm start`, `npm test` and `npm run demo` start: sets up whatever is not set up (packages, dist/, addon),
 * then runs the task under the Node that Folkmoot pins. After the first time nothing needs the network.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAll, SetupError } from "./setup/build.mjs";
import { runChild, startedBy } from "./setup/child.mjs";
import { installationProblem } from "./setup/installed.mjs";
import { nodeProblem } from "./setup/requirements.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (/** @type {string} */ line) => console.error(line);
// Before anything else: npm may be gone when the setup is done.
const parents = startedBy();

/** @type {Record<string, string[]>} */
const tasks = {
  start: [join("scripts", "start.mjs")],
  demo: [join("dist", "cli", "main.js"), "demo"],
  test: [join("scripts", "test.mjs")],
  "test:electron": [join("scripts", "testElectron.mjs")],
  package: [join("scripts", "package.mjs")],
};

try {
  const [name = "", ...rest] = process.argv.slice(2);
  const task = tasks[name];
  if (task === undefined) throw new SetupError(`No task "${name}". There are: ${Object.keys(tasks).join(", ")}.`);
  const problem = nodeProblem(process.version);
  if (problem !== null) throw new SetupError(problem);
  install();
  buildAll(root, say);
  runTask([...task, ...rest]);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function install() {
  const reason = installationProblem(root);
  if (reason === null) return;
  say(`Installing packages with npm ci (${reason}); this is the one step that needs the network …`);
  const npm = process.env.npm_execpath;
  const child = npm
    ? spawnSync(process.execPath, [npm, "ci"], { cwd: root, stdio: ["inherit", 2, 2] })
    : spawnSync("npm ci", { cwd: root, stdio: ["inherit", 2, 2], shell: true });
  if (child.status !== 0)
    throw new SetupError(
      "npm ci did not succeed; its own words stand above.\n  Mend that, then run the command again.",
    );
}

/** The pinned Node, or the running one where npm was told not to fetch it. */
function pinnedNode() {
  const pinned = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(pinned)) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return process.execPath;
  throw new SetupError(
    `The Node that Folkmoot pins was not installed, and Node ${process.version} is too old to run it.\n  Run "npm rebuild node" (npm must allow install scripts of the package "node").`,
  );
}

/** @param {string[]} args */
function runTask(args) {
  const path = `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH ?? ""}`;
  runChild(pinnedNode(), args, { cwd: root, env: { ...process.env, PATH: path }, parents });
}
