/** The browser of the pictures and the benches. */
import { type Browser, chromium } from "playwright-core";
import { chromiumVariable, findChromium } from "../setup/chromium.mjs";

/**
 * @param args further switches, e.g. `--enable-precise-memory-info`
 * @throws Error when there is none on this machine
 */
export function launchBrowser(args: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error(`No Chromium on this machine; name one in ${chromiumVariable}.`);
  // Chromium's sandbox does not work for root.
  const root = process.platform === "linux" && process.getuid?.() === 0;
  return chromium.launch({
    executablePath,
    chromiumSandbox: !root,
    args: ["--disable-dev-shm-usage", "--disable-gpu", ...args],
  });
}
