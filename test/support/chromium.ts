/**
 * The Chromium of the tests in a real browser. Nothing is fetched here (`npm test` does that before): where there is
 * none, `describeInChromium` skips, and `npm test` names what it left out.
 */
import { type Browser, chromium, type LaunchOptions } from "playwright-core";
import { describe } from "vitest";
import { findChromium } from "../../scripts/setup/chromium.mjs";

/** Executable, or null. */
export const chromiumPath: string | null = findChromium();

/** `describe` where there is a Chromium. */
export const describeInChromium = describe.skipIf(chromiumPath === null);

/** Options for every launch: the executable found, no first-run traffic, and root's need for no sandbox. */
export function chromiumOptions(): LaunchOptions {
  if (chromiumPath === null) throw new Error("No Chromium was found; this test belongs into describeInChromium.");
  const root = process.platform === "linux" && process.getuid?.() === 0;
  return { executablePath: chromiumPath, chromiumSandbox: !root, args: ["--disable-dev-shm-usage", "--disable-gpu"] };
}

/** A headless browser; close it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch(chromiumOptions());
}
