/** Who a process is: a pid alone is reused by the system, a pid with its start time is not. */
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";

export interface ProcessIdentity {
  readonly pid: number;
  /** Linux: boot id and start in clock ticks since that boot; null where the system offers none. */
  readonly startTime: string | null;
  readonly host: string;
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  return { pid: process.pid, startTime: await startTimeOf(process.pid), host: hostname() };
}

/**
 * False only when the process is certainly gone: no such pid, a zombie, or another process that got the same pid.
 * A process of another host cannot be seen from here and counts as alive.
 */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (identity.host !== hostname()) return true;
  if (!pidExists(identity.pid)) return false;
  if (process.platform !== "linux" || identity.startTime === null) return true;
  return (await startTimeOf(identity.pid)) === identity.startTime;
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** proc_pid_stat(5): field 3 is the state, field 22 the start time; field 2 may hold spaces and brackets. */
async function startTimeOf(pid: number): Promise<string | null> {
  if (process.platform !== "linux") return null;
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, ticks] = [fields[0], fields[19]];
    if (ticks === undefined || state === "Z" || state === "X") return null;
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    return `${boot.trim()}:${ticks}`;
  } catch {
    return null;
  }
}
