/** Under a Node that is too old the command starts itself again; what it started does not outlive it. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isAlive } from "../../support/isAlive.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const main = join(import.meta.dirname, "..", "..", "..", "cli", "main.ts");

/** As `startAgain` does it. */
const starter = `
  const { spawn } = require("node:child_process");
  const child = spawn(process.execPath, process.argv.slice(1), { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  child.stdout.once("data", () => process.stdout.write(String(child.pid)));
`;

test("a command whose starter is killed ends by itself", { timeout: 40_000 }, async () => {
  const workspace = await temporaryFolder();
  const parameters = [main, "serve", "--no-open", "--json", "--workspace", workspace];
  const parent = spawn(process.execPath, ["-e", starter, ...parameters], { stdio: ["ignore", "pipe", "inherit"] });
  const pid = Number(await new Promise((resolve) => parent.stdout?.once("data", resolve)));
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
});
