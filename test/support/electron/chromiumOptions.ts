/** The launch options of the driver, handed over by it: the stand-in's main process does not load the test runner. */
import type { LaunchOptions } from "playwright-core";

export const optionsVariable = "FOLKMOOT_STAND_IN_CHROMIUM";

export const chromiumOptions: LaunchOptions = JSON.parse(process.env[optionsVariable] ?? "{}");
