/** `--import` of a utility process. Its threads inherit the flag, and its own children would; neither is one itself. */
import { isMainThread } from "node:worker_threads";

process.execArgv.splice(0);
if (isMainThread) await import("./utilityChild.ts");
