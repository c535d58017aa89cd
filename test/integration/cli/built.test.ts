/** What a person starts is the built program, not the source: it must find all that it brings along. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { demoResults } from "../../../cli/demo/results.ts";

const built = join(import.meta.dirname, "..", "..", "..", "dist", "cli", "main.js");

test("the built program runs its demo to the end, and the aligned model answers better", async () => {
  const folder = await mkdtemp(join(tmpdir(), "folkmoot-built-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const args = [built, "demo", "--size", "small", "--out", join(folder, "demo"), "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24 });
  const { base, aligned } = demoResults.parse(JSON.parse(stdout));
  expect(aligned.goodShare).toBeGreaterThan(base.goodShare);
}, 180_000);
