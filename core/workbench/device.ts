/**
 * The device is one: inference and training hold it in turns. Who takes it unloads the other side, whose process ends
 * and gives its memory back.
 */

import type { GpuChoice } from "../contract/device.ts";
import type { Lease } from "../contract/workbench/machine.ts";
import type { EngineClient, Host, TrainerClient } from "../host/supervisor.ts";

export type Side = "inference" | "training";

export interface HostFactories {
  engine(): Host<EngineClient>;
  trainer(): Host<TrainerClient>;
}

export class Device implements AsyncDisposable {
  private readonly factories: HostFactories;
  private engine: Host<EngineClient> | null = null;
  private trainer: Host<TrainerClient> | null = null;
  private holder: Lease = { holder: "free", job: null };
  private readonly unloaded = new Set<(side: Side) => void>();
  private trainerGpu: GpuChoice = "off";
  private disposed = false;
  private engineIsNew = false;

  constructor(factories: HostFactories) {
    this.factories = factories;
  }

  get lease(): Lease {
    return this.holder;
  }

  /** Called after a side lost its process because the other took the device. */
  onUnload(listener: (side: Side) => void): void {
    this.unloaded.add(listener);
  }

  /** Takes the device for a job; true when a process of the other side was ended for it. */
  async take(side: Side, job: string | null): Promise<boolean> {
    this.holder = { holder: side, job };
    const other = side === "inference" ? this.trainer : this.engine;
    if (other === null) return false;
    if (side === "inference") this.trainer = null;
    else this.engine = null;
    const wasRunning = other.pid !== null;
    await other.dispose();
    for (const listener of this.unloaded) listener(side === "inference" ? "training" : "inference");
    return wasRunning;
  }

  /** The job is done; its side stays loaded until the other takes the device. */
  release(job: string): void {
    if (this.holder.job === job) this.holder = { holder: "free", job: null };
  }

  /** Nobody needs it any more. */
  free(): void {
    this.holder = { holder: "free", job: null };
  }

  engineClient(): EngineClient {
    if (this.engine === null) {
      this.engine = this.create(this.factories.engine);
      this.engineIsNew = true;
    }
    return this.engine.client;
  }

  /** True once per engine process: it has loaded nothing yet, so what it grows by is what is loaded now. */
  takeNewEngine(): boolean {
    this.engineClient();
    const isNew = this.engineIsNew;
    this.engineIsNew = false;
    return isNew;
  }

  /**
   * One process holds the libraries of one device: where another is asked for than the process was started for, a
   * fresh one takes its place. Jobs come one after another, so nothing runs in it.
   */
  trainerClient(gpu: GpuChoice = "off"): TrainerClient {
    if (this.trainer !== null && this.trainerGpu !== gpu) {
      void this.trainer.dispose().catch(() => undefined);
      this.trainer = null;
    }
    this.trainerGpu = gpu;
    this.trainer ??= this.create(this.factories.trainer);
    return this.trainer.client;
  }

  /**
   * For a training: a process that has done nothing yet. The largest it gets is then this training's own, and nothing
   * that an earlier one has left in it takes memory beside it.
   */
  async freshTrainer(gpu: GpuChoice): Promise<TrainerClient> {
    const { trainer } = this;
    if (trainer !== null && trainer.pid !== null) {
      this.trainer = null;
      await trainer.dispose();
    }
    return this.trainerClient(gpu);
  }

  /** Running processes. */
  processes(): { kind: "engine" | "trainer"; pid: number }[] {
    const { engine, trainer } = this;
    return [
      ...(engine?.pid == null ? [] : [{ kind: "engine" as const, pid: engine.pid }]),
      ...(trainer?.pid == null ? [] : [{ kind: "trainer" as const, pid: trainer.pid }]),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
    await Promise.all([this.engine?.dispose(), this.trainer?.dispose()]);
  }

  private create<Client>(factory: () => Host<Client>): Host<Client> {
    if (this.disposed) throw new Error("The workbench was closed.");
    return factory();
  }
}
