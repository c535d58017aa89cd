/** Builds dist/ (TypeScript), dist/renderer/ (the page) and native/build/folkmoot.node (the addon), each only when its inputs changed. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildTools, commandAnswers, describeMissing, missingTools } from "./requirements.mjs";
import { fingerprint, stampIs, writeStamp } from "./stamp.mjs";

/** A reason to stop that a person can act on; shown without a stack trace. */
export class SetupError extends Error {}

/**
 * @param {string} root
 * @param {(line: string) => void} say
 */
export function buildAll(root, say) {
  buildTypeScript(root, say);
  buildRenderer(root, say);
  buildAddon(root, say);
}

/**
 * Compiles beside and swaps, so that a failing build leaves the last good one.
 * @param {string} root
 * @param {(line: string) => void} say
 */
function buildTypeScript(root, say) {
  const inputs = fingerprint(root, ["core", "cli", "electron", "tsconfig.json", "tsconfig.build.json"], {
    facts: [installedVersion(root, "typescript")],
  });
  const output = join(root, "dist");
  const stamp = join(output, ".inputs");
  if (stampIs(stamp, inputs)) return;
  say("Building dist/ from TypeScript …");
  const fresh = join(root, "dist.new");
  const old = join(root, "dist.old");
  rmSync(fresh, { recursive: true, force: true });
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  try {
    runNode(root, [compiler, "-p", "tsconfig.build.json", "--outDir", fresh], "The TypeScript does not compile.");
    // npx links the command once and sets this bit then; every later build has to keep it.
    chmodSync(join(fresh, "cli", "main.js"), 0o755);
    writeStamp(join(fresh, ".inputs"), inputs);
    // The page lies in dist/ too and has a stamp of its own.
    if (existsSync(join(output, "renderer"))) renameSync(join(output, "renderer"), join(fresh, "renderer"));
    rmSync(old, { recursive: true, force: true });
    if (existsSync(output)) renameSync(output, old);
    renameSync(fresh, output);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/**
 * The page, by Vite into dist/renderer.
 * @param {string} root
 * @param {(line: string) => void} say
 */
export function buildRenderer(root, say) {
  const packages = ["vite", "@vitejs/plugin-react", "react", "react-dom", "react-aria-components", "zod"];
  const inputs = fingerprint(
    root,
    ["renderer", "core/contract", "scripts/setup/bundledLicences.mjs", "tsconfig.json", "package-lock.json"],
    {
      facts: packages.map((name) => `${name} ${installedVersion(root, name)}`),
    },
  );
  const output = join(root, "dist", "renderer");
  const stamp = join(output, ".inputs");
  if (stampIs(stamp, inputs) && existsSync(join(output, "index.html"))) return;
  say("Building dist/renderer (the window's page) …");
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  const options = ["--config", join("renderer", "vite.config.ts"), "--logLevel", "warn"];
  // Vite wants a newer Node than npm may be running under.
  const pinned = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  const node = existsSync(pinned) ? pinned : process.execPath;
  runNode(root, [vite, "build", ...options], "The page does not build.", node);
  writeStamp(stamp, inputs);
}

/**
 * @param {string} root
 * @param {(line: string) => void} say
 */
function buildAddon(root, say) {
  const packages = ["node-llama-cpp", "node-addon-api", "node-api-headers"];
  const inputs = fingerprint(root, ["native"], {
    skip: ["native/build"],
    facts: [process.platform, process.arch, root, ...packages.map((name) => `${name} ${installedVersion(root, name)}`)],
  });
  const stamp = join(root, "native", "build", ".inputs");
  if (stampIs(stamp, inputs) && existsSync(join(root, "native", "build", "folkmoot.node"))) return;
  const missing = missingTools(commandAnswers, buildTools);
  if (missing.length > 0) throw new SetupError(describeMissing(missing, process.platform));
  say("Building the native addon (once, and after changes in native/) …");
  runNode(root, [join("native", "build.mjs")], "The native addon does not build.");
  writeStamp(stamp, inputs);
}

/**
 * @param {string} root
 * @param {string} name
 */
function installedVersion(root, name) {
  const path = join(root, "node_modules", name, "package.json");
  if (!existsSync(path))
    throw new SetupError(`${name} is not installed, and the build needs it.\n  Run "npm ci" (with dev dependencies).`);
  return JSON.parse(readFileSync(path, "utf8")).version;
}

/**
 * @param {string} root
 * @param {string[]} args
 * @param {string} failure
 * @param {string} [node]
 */
function runNode(root, args, failure, node = process.execPath) {
  const child = spawnSync(node, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  if (child.error) throw child.error;
  if (child.status !== 0) throw new SetupError(`${failure}\n${child.stdout}${child.stderr}`.trimEnd());
}
