/**
 * `npm test`: linter and formatter, type checker, all tests; the last line says `N passed, N failed`.
 * Arguments go to vitest, e.g. `npm test -- test/unit/cli`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { getChromium } from "./setup/chromium.mjs";
import { leftOut, tally } from "./tally.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const colors = `--colors=${process.stdout.isTTY ? "force" : "off"}`;

/** @param {string[]} args */
function node(args) {
  const child = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (child.error) throw child.error;
  return child.status;
}

/**
 * @param {string} name
 * @param {string[]} args
 */
function check(name, args) {
  const ok = node(args) === 0;
  console.log(`${name}: ${ok ? "passed" : "FAILED"}`);
  return ok;
}

const folder = mkdtempSync(join(tmpdir(), "folkmoot-test-"));
try {
  const checks = [
    check("lint", [join(modules, "@biomejs", "biome", "bin", "biome"), "ci", colors, "--max-diagnostics=50", "."]),
    check("typecheck", [join(modules, "typescript", "bin", "tsc"), "-p", "tsconfig.json"]),
    check("typecheck of the page", [
      join(modules, "typescript", "bin", "tsc"),
      "-p",
      join("renderer", "tsconfig.json"),
    ]),
  ];
  const browser = getChromium(console.log);
  const output = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${output}`];
  const exitCode = node([join(modules, "vitest", "vitest.mjs"), "run", ...reporters, ...process.argv.slice(2)]);
  const report = existsSync(output) ? JSON.parse(readFileSync(output, "utf8")) : null;
  const count = tally(checks, report, exitCode);
  if (count.skipped > 0) console.log(`${count.skipped} skipped`);
  if (browser === null)
    console.log(
      `No Chromium was found or could be fetched (install one, or name it in FOLKMOOT_CHROMIUM). Left out:\n${leftOut(report, root).join("\n")}`,
    );
  console.log(`${count.passed} passed, ${count.failed} failed`);
  process.exitCode = count.failed === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
