/** The machine's graphics cards, as the engine's process sees them. */
import type { GpuFacts } from "../contract/device.ts";
import type { Device } from "./device.ts";

/** How long an answer is good for, milliseconds: what is free changes. */
const freshMs = 20_000;

export class Gpus {
  private readonly device: Device;
  private asked: { at: number; answer: Promise<readonly GpuFacts[]> } | null = null;
  /** The last answer; null before anybody asked. */
  known: readonly GpuFacts[] | null = null;

  constructor(device: Device) {
    this.device = device;
  }

  /** Empty where there are none and where the drivers fail. While a training holds the card, the last answer. */
  list(): Promise<readonly GpuFacts[]> {
    if (this.known !== null && this.device.lease.holder === "training") return Promise.resolve(this.known);
    if (this.asked === null || performance.now() - this.asked.at > freshMs)
      this.asked = { at: performance.now(), answer: this.ask() };
    return this.asked.answer;
  }

  private async ask(): Promise<readonly GpuFacts[]> {
    const found = await this.device
      .engineClient()
      .gpus()
      .catch(() => this.known ?? []);
    this.known = found;
    return found;
  }
}
