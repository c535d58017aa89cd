/** A Chromium for the tests in a real browser: found, or fetched where that is possible. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

/** Set it to an executable to use that one and no other. */
export const chromiumVariable = "FOLKMOOT_CHROMIUM";

/** Longest time that a download may take, milliseconds. */
const downloadMs = 600_000;

/** Commands and places of an installed browser, by platform. */
const commands = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge"];
/** @type {Record<string, string[]>} */
const places = {
  darwin: [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  ],
  win32: ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"]
    .map((name) => process.env[name])
    .filter((folder) => folder !== undefined)
    .flatMap((folder) => [
      join(folder, "Google", "Chrome", "Application", "chrome.exe"),
      join(folder, "Microsoft", "Edge", "Application", "msedge.exe"),
    ]),
};

/**
 * The executable, or null. A variable that names no file is an error, not a reason to take another browser.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | null}
 */
export function findChromium(env = process.env) {
  const named = env[chromiumVariable];
  if (named) {
    if (!existsSync(named)) throw new Error(`${chromiumVariable} names ${named}, and there is no such file.`);
    return named;
  }
  const onPath = (env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .flatMap((folder) => commands.map((command) => join(folder, command)));
  const own = ownChromium();
  return [...onPath, ...(places[process.platform] ?? []), ...(own === null ? [] : [own])].find(existsSync) ?? null;
}

/**
 * Finds one, else fetches one: Playwright's own download, then Debian's package where this is root.
 * @param {(line: string) => void} say
 * @returns {string | null} null when there is none to be had
 */
export function getChromium(say) {
  const found = findChromium();
  if (found !== null) return found;
  say("No Chromium on this machine; fetching one for the tests in a real browser …");
  const cli = join(import.meta.dirname, "..", "..", "node_modules", "playwright-core", "cli.js");
  const env = { ...process.env, PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: "10000" };
  run(process.execPath, [cli, "install", "chromium", "--no-shell", "--no-progress"], env);
  const own = ownChromium();
  if (own !== null && existsSync(own)) return own;
  if (process.platform === "linux" && process.getuid?.() === 0 && run("apt-get", ["update", "-qq"], env)) {
    const quiet = { ...env, DEBIAN_FRONTEND: "noninteractive" };
    run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], quiet);
  }
  return findChromium();
}

function ownChromium() {
  try {
    return chromium.executablePath();
  } catch {
    return null; // Playwright knows none for this platform
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function run(command, args, env) {
  return spawnSync(command, args, { env, stdio: "ignore", timeout: downloadMs }).status === 0;
}
