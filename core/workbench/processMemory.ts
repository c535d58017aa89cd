/** Resident bytes of a process, as far as the system says without asking another program. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";

/** Null where there is no /proc, or no such process. */
export async function residentBytes(pid: number): Promise<number | null> {
  if (process.platform !== "linux") return null;
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

/**
 * Largest resident set of this process since its start. Where there is /proc, from there: `maxRSS` of a process that was
 * forked begins with the size of its parent.
 */
export function largestResidentBytes(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // No /proc.
  }
  return process.resourceUsage().maxRSS * 1024;
}

/** Bytes that new work can have: free ones and those that the system would give back, within a container's limit. */
export async function availableBytes(free: number): Promise<number> {
  if (process.platform !== "linux") return free;
  const limited = process.constrainedMemory() < totalmem();
  return Math.min(await systemBytes(free), limited ? process.availableMemory() : Number.POSITIVE_INFINITY);
}

async function systemBytes(free: number): Promise<number> {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile("/proc/meminfo", "utf8"))?.[1];
    return kilobytes === undefined ? free : Number(kilobytes) * 1024;
  } catch {
    return free;
  }
}
