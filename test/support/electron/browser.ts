/** The one Chromium behind all windows of the stand-in. */
import { type BrowserContext, chromium } from "playwright-core";
import { chromiumOptions } from "./chromiumOptions.ts";

let started: Promise<BrowserContext> | null = null;

/** @param profile folder of the browser; the driver reads the debugging port there */
export function browserContext(profile: string): Promise<BrowserContext> {
  started ??= chromium.launchPersistentContext(profile, {
    ...chromiumOptions,
    args: [
      ...(chromiumOptions.args ?? []),
      "--remote-debugging-port=0",
      // An attack on a loopback server must be stopped by the program, not by the browser's own caution.
      "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
    ],
    viewport: null,
    // Chromium's own ways of asking nobody.
    ignoreDefaultArgs: ["--disable-popup-blocking"],
  });
  return started;
}

export async function closeBrowser(): Promise<void> {
  await (await started)?.close().catch(() => {});
}
