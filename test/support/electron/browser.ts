/** The one Chromium behind all windows of the stand-in. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { chromiumOptions } from "./chromiumOptions.ts";

let started: Promise<BrowserContext> | null = null;

/** @param profile folder of the browser; the driver reads the debugging port there */
export function browserContext(profile: string): Promise<BrowserContext> {
  // The port of an earlier browser would lead the driver astray.
  if (started === null) rmSync(join(profile, "DevToolsActivePort"), { force: true });
  started ??= chromium.launchPersistentContext(profile, {
    ...chromiumOptions,
    args: [
      ...(chromiumOptions.args ?? []),
      "--remote-debugging-port=0",
      // Electron has this event on every port; the browser keeps it behind a switch.
      "--enable-blink-features=MessagePortCloseEvent",
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
