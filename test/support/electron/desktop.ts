/** The desktop program under test, whether it is the real Electron or the stand-in. */
import type { Page } from "playwright-core";
import { launchReal, realElectron } from "./launchReal.ts";
import { launchStandIn } from "./launchStandIn.ts";

export type ElectronModules = typeof import("electron");

export interface Desktop extends AsyncDisposable {
  /** The page of the window; waits for it. */
  page(): Promise<Page>;
  /** Runs a function in main, by its source: it may use its arguments and globals, nothing else. */
  evaluate<Result, Argument = undefined>(
    run: (electron: ElectronModules, argument: Argument) => Result | Promise<Result>,
    argument?: Argument,
  ): Promise<Result>;
  readonly pid: number;
  /** Exit status of main. */
  readonly exited: Promise<number | null>;
  /** What main wrote to its standard error. */
  errors(): string;
}

export interface LaunchOptions {
  /** Entry file of main, a `.ts` file of this repository. */
  readonly entry: string;
  /** Folder of the app's own data; two launches with the same one are two instances. */
  readonly userData: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Set to `real` by `npm run test:electron`. */
export const usesRealElectron = process.env.FOLKMOOT_DESKTOP === "real";

/** Starts the program; dispose it. */
export function launchDesktop(options: LaunchOptions): Promise<Desktop> {
  return usesRealElectron ? launchReal(options, realElectron()) : launchStandIn(options);
}

/** Waits until `check` answers something else than null, undefined or false; at most `within` milliseconds. */
export async function eventually<Value>(
  check: () => Value | null | undefined | false | Promise<Value | null | undefined | false>,
  within = 10_000,
): Promise<Value> {
  const end = performance.now() + within;
  for (;;) {
    const value = await check();
    if (value !== null && value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`Not within ${within} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
