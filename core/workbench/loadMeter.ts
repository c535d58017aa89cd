/** What a model really takes: by how much a fresh engine grew when it loaded one model and first answered with it. */
import type { SocietyConfig } from "../contract/society.ts";
import { societySpeakers } from "../host/contexts.ts";
import { modelPath } from "../models/splitModel.ts";
import type { Device } from "./device.ts";
import type { Gpus } from "./gpus.ts";
import type { Library } from "./library.ts";
import type { Services } from "./services.ts";

export class LoadMeter {
  private readonly device: Device;
  private readonly library: Library;
  private readonly gpus: Gpus;
  private before: { resident: number; model: string; sequences: number; contextSize: number } | null = null;

  constructor({ device, library, gpus }: Pick<Services, "device" | "library" | "gpus">) {
    this.device = device;
    this.library = library;
    this.gpus = gpus;
  }

  /** Only where one model in one context is all that is loaded, and none of it to a card. */
  async begin(config: SocietyConfig): Promise<void> {
    const { sequences, gpu } = config;
    if (gpu !== "off" && (gpu !== "auto" || (await this.gpus.list()).length > 0)) return;
    // A file that cannot be read is the run's to tell.
    const speakers = await societySpeakers(config).catch(() => []);
    const models = new Set(speakers.map(({ model }) => modelPath(model)));
    const [first] = speakers;
    const isPlain = models.size === 1 && speakers.every(({ adapter }) => adapter === null);
    if (!isPlain || first === undefined || !this.device.takeNewEngine()) return;
    const { contextSize } = first;
    const model = modelPath(first.model);
    const memory = await this.device
      .engineClient()
      .memory()
      .catch(() => null);
    if (memory !== null) this.before = { ...memory, model, sequences, contextSize };
  }

  /** Once, when the first answer is there: then everything is in memory. */
  async measure(): Promise<void> {
    const { before } = this;
    this.before = null;
    if (before === null) return;
    try {
      const { resident } = await this.device.engineClient().memory();
      const { memory } = await this.library.inspect(before.model, {
        sequences: before.sequences,
        contextSize: before.contextSize,
        hash: false,
      });
      if (memory === null || resident <= before.resident) return;
      await this.library.keepMeasured(before.model, memory, resident - before.resident);
    } catch {
      // A figure for the eye; the run goes on without it.
    }
  }
}
