/** What the end of a utility process means, in Node's words. */
import { constants } from "node:os";
import type { Details } from "electron";
import type { HostEnd } from "../core/host/spawnHost.ts";

/** Electron gives a number only; the app's own event says what kind of end it was. */
export function hostEnd(exitCode: number, reason: Details["reason"] | null): HostEnd {
  if (reason === "launch-failed") return { code: null, signal: null, failure: `could not be launched (${exitCode})` };
  if (reason === "killed" || reason === "oom" || reason === "memory-eviction") return { code: null, signal: "SIGKILL" };
  if (reason === "crashed") return { code: exitCode, signal: signalOf(exitCode) };
  return { code: exitCode, signal: null };
}

/** The signal in a POSIX wait status; null where there is none (Windows, clean exits). */
function signalOf(status: number): NodeJS.Signals | null {
  const number = status & 0x7f;
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found === undefined ? null : (found[0] as NodeJS.Signals);
}
