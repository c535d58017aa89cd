/** The jobs of a host process that are still at work: the host ends after them, and faces ask when they are over. */
import { toFolkmootError } from "../contract/errors.ts";

export class HostJobs {
  private readonly running = new Set<Promise<unknown>>();

  /** Remembers `job` until it ends, however it ends. */
  track(job: Promise<unknown>): void {
    this.running.add(job);
    const forget = () => this.running.delete(job);
    job.then(forget, forget);
  }

  /**
   * Resolves when all that are at work now are over.
   * @throws FolkmootError why one of them failed; having been stopped is no failure
   */
  async settled(): Promise<void> {
    for (const end of await Promise.allSettled([...this.running])) {
      if (end.status === "fulfilled") continue;
      const error = toFolkmootError(end.reason);
      if (error.code !== "cancelled") throw error;
    }
  }

  /** Resolves when all are over, at the latest after `limitMs` milliseconds. */
  async windDown(limitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([Promise.allSettled([...this.running]), late]);
    clearTimeout(timer);
  }
}
