/** The machine's graphics cards, as the engine's process sees them. */
import type { GpuFacts } from "../contract/device.ts";
import type { Device } from "./device.ts";

/** How long an answer is good for, milliseconds: what is free changes. */
const freshMs = 20_000;

export class Gpus {
  private readonly device: Device;
  private readonly now: () => number;
  private asked: { at: number; answer: Promise<readonly GpuFacts[]> } | null = null;
  private failed = false;
  /** The last answer; null before anybody asked. */
  known: readonly GpuFacts[] | null = null;

  /** @param now milliseconds */
  constructor(device: Device, now: () => number) {
    this.device = device;
    this.now = now;
  }

  /**
   * Empty where there are none. A driver that fails may end the process that asks it: it is not asked while a job
   * runs there, and not again once it failed; then the last answer stands.
   */
  list(): Promise<readonly GpuFacts[]> {
    if (this.failed || this.device.lease.job !== null) return Promise.resolve(this.known ?? []);
    if (this.asked === null || this.now() - this.asked.at > freshMs)
      this.asked = { at: this.now(), answer: this.ask() };
    return this.asked.answer;
  }

  private async ask(): Promise<readonly GpuFacts[]> {
    try {
      this.known = await this.device.engineClient().gpus();
    } catch {
      this.failed = true;
    }
    return this.known ?? [];
  }
}
