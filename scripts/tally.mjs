/** Counts what `npm test` ran, for its last line. */
import { relative } from "node:path";

/**
 * @typedef {{ name?: string, status: string, message?: string, assertionResults: { status: string }[] }} FileReport
 * @typedef {{ testResults: FileReport[] }} VitestReport as written by vitest's json reporter
 */

/**
 * Every test counts once, every check (lint, typecheck) once. A test file that failed outside its tests (import error,
 * failing hook) counts as one failure, and so does a run that ended badly without any failing test.
 * @param {boolean[]} checks true = passed
 * @param {VitestReport | null} report null when vitest wrote none
 * @param {number | null} exitCode vitest's own
 */
export function tally(checks, report, exitCode) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const ok of checks) count[ok ? "passed" : "failed"] += 1;
  const failedBefore = count.failed;
  for (const file of report?.testResults ?? []) {
    const statuses = file.assertionResults.map((test) => test.status);
    const failed = statuses.filter((status) => status === "failed").length;
    const passed = statuses.filter((status) => status === "passed").length;
    count.passed += passed;
    count.failed += failed === 0 && file.status === "failed" ? 1 : failed;
    count.skipped += statuses.length - passed - failed;
  }
  if (exitCode !== 0 && count.failed === failedBefore) count.failed += 1;
  return count;
}

/**
 * Files in which not one test ran, relative to `root`, with the number of their tests.
 * @param {VitestReport | null} report
 * @param {string} root
 */
export function leftOut(report, root) {
  const ran = new Set(["passed", "failed"]);
  return (report?.testResults ?? [])
    .filter(
      ({ assertionResults }) => assertionResults.length > 0 && !assertionResults.some(({ status }) => ran.has(status)),
    )
    .map(({ name, assertionResults }) => `  ${relative(root, name ?? "")} (${assertionResults.length} tests)`);
}
