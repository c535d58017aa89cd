/** Electron's binary: npm installs the package without it, and it is fetched when the window is opened first. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Longest time that the download may take, milliseconds. */
const downloadMs = 900_000;

/**
 * The executable in node_modules/electron/dist, or null. Reads what Electron's own installer writes.
 * @param {string} root
 * @returns {string | null}
 */
export function electronBinary(root) {
  const folder = join(root, "node_modules", "electron");
  try {
    const wanted = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
    const there = readFileSync(join(folder, "dist", "version"), "utf8")
      .trim()
      .replace(/^v/, "");
    const binary = join(folder, "dist", readFileSync(join(folder, "path.txt"), "utf8").trim());
    return there === wanted && existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

/**
 * Runs Electron's own installer, which checks what it fetches against the checksums in the package.
 * @param {string} root
 * @param {(line: string) => void} say
 * @returns {{ binary: string } | { problem: string }} `problem`: a clause for "Electron's window cannot be opened: …"
 */
export function getElectron(root, say) {
  const found = electronBinary(root);
  if (found !== null) return { binary: found };
  const installer = join(root, "node_modules", "electron", "install.js");
  if (!existsSync(installer)) return { problem: "the package electron is not installed" };
  say("Fetching Electron (once) …");
  const child = spawnSync(process.execPath, [installer], { cwd: root, encoding: "utf8", timeout: downloadMs });
  const binary = electronBinary(root);
  if (child.status === 0 && binary !== null) return { binary };
  const words = (child.stderr ?? "").split("\n").find((line) => line.trim() !== "");
  return { problem: `its binary is not on this machine and cannot be fetched${words ? ` (${words.trim()})` : ""}` };
}

/**
 * Why no window can be shown here at all, or null.
 * @param {{ platform: NodeJS.Platform, env: NodeJS.ProcessEnv, root: boolean }} machine `root`: run by the superuser
 */
export function screenProblem({ platform, env, root }) {
  if (platform !== "linux") return null;
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return "there is no screen";
  // Chromium's sandbox does not work for root, and it is never switched off behind a person's back.
  if (root) return "it does not run as root";
  return null;
}

/** @returns {{ platform: NodeJS.Platform, env: NodeJS.ProcessEnv, root: boolean }} */
export function thisMachine() {
  return { platform: process.platform, env: process.env, root: process.getuid?.() === 0 };
}
