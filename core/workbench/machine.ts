/** What the machine is and does at the moment. */
import { statfs } from "node:fs/promises";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import type { MachineState } from "../contract/workbench/machine.ts";
import type { Device } from "./device.ts";
import type { Gpus } from "./gpus.ts";
import { availableBytes, residentBytes } from "./processMemory.ts";

export const machineMs = 1000;

export class Machine {
  private readonly device: Device;
  private readonly gpus: Gpus;
  private readonly workspace: string;
  private last: { busy: number; all: number } | null = null;
  private load: number | null = null;
  private state: { at: number; value: Promise<MachineState> } | null = null;

  constructor(device: Device, gpus: Gpus, workspace: string) {
    this.device = device;
    this.gpus = gpus;
    this.workspace = workspace;
  }

  /** At most one look a second, however many faces ask. */
  get(): Promise<MachineState> {
    const at = performance.now();
    if (this.state !== null && at - this.state.at < machineMs * 0.9) return this.state.value;
    const value = this.read();
    this.state = { at, value };
    return value;
  }

  async *watch(signal?: AbortSignal): AsyncGenerator<MachineState, void, void> {
    while (signal?.aborted !== true) {
      yield await this.get();
      await pause(machineMs, signal);
    }
  }

  private async read(): Promise<MachineState> {
    this.measureLoad();
    const processes = this.device.processes();
    const disk = await statfs(this.workspace).catch(() => null);
    return {
      device: cpus()[0]?.model.trim() ?? "processor",
      gpus: this.gpus.known === null ? null : [...this.gpus.known],
      cores: availableParallelism(),
      memory: { total: totalmem(), free: await availableBytes(freemem()) },
      load: this.load,
      diskFree: disk === null ? null : disk.bavail * disk.bsize,
      hosts: await Promise.all(
        processes.map(async ({ kind, pid }) => ({ kind, pid, memory: await residentBytes(pid) })),
      ),
      lease: this.device.lease,
    };
  }

  private measureLoad(): void {
    let [busy, all] = [0, 0];
    for (const { times } of cpus()) {
      const sum = times.user + times.nice + times.sys + times.idle + times.irq;
      all += sum;
      busy += sum - times.idle;
    }
    if (this.last !== null && all > this.last.all) this.load = (busy - this.last.busy) / (all - this.last.all);
    this.last = { busy, all };
  }
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    timer.unref();
    signal?.addEventListener("abort", end);
  });
}
