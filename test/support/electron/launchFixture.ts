/** Launches the program with the workbench and the page of the specs; see fixtureMain.ts. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { type Desktop, eventually, type LaunchOptions, launchDesktop } from "./desktop.ts";

const root = join(import.meta.dirname, "..", "..", "..");

export interface FixtureDesktop extends Desktop {
  readonly userData: string;
}

/** A folder for the app's own data; remove it by disposing. */
export function userDataFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "folkmoot-desktop-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** @param options `userData` of an earlier launch, to start again on the same one; default: a fresh one */
export async function launchFixture(options: Partial<LaunchOptions> = {}): Promise<FixtureDesktop> {
  const own = options.userData === undefined ? userDataFolder() : null;
  const userData = options.userData ?? own?.path ?? "";
  const desktop = await launchDesktop({
    entry: join(import.meta.dirname, "fixtureMain.ts"),
    ...options,
    userData,
    env: { FIXTURE_PAGE: join(root, "test", "fixtures", "window"), FIXTURE_WORKSPACE: userData, ...options.env },
  });
  return {
    ...desktop,
    userData,
    [Symbol.asyncDispose]: async () => {
      await desktop[Symbol.asyncDispose]();
      own?.[Symbol.dispose]();
    },
  };
}

/** Waits until the page has a line to the workbench. Polled from outside: inside, the policy forbids what polls. */
export async function lineOpen(page: Page, count = 1): Promise<void> {
  await eventually(async () => (await page.evaluate("window.ports?.length ?? 0")) === count);
}
