/** Token counts of the rows that a form speaks of: counted once per model and data as the files are. */
import { setTimeout } from "node:timers/promises";
import { needsPairs } from "../alignment/losses/index.ts";
import type { AlignConfig } from "../contract/alignment.ts";
import type { RowSizes } from "../contract/rowSizes.ts";
import type { Device } from "./device.ts";
import { fileKey } from "./library.ts";

/** Data that stay counted: a form that goes back and forth between two. */
const kept = 2;

export class RowCounts {
  private readonly device: Pick<Device, "engineClient">;
  private readonly patience: number;
  private readonly counted = new Map<string, Promise<RowSizes | null>>();

  /** @param patience a form is not held up longer, milliseconds; what is counted later is there the next time it asks */
  constructor(device: Pick<Device, "engineClient">, patience = 3000) {
    this.device = device;
    this.patience = patience;
  }

  /** Null while they are not counted, and where they cannot be: why stands among the form's problems. */
  async of(config: AlignConfig): Promise<RowSizes | null> {
    const { model, data, loss, appendEos, evaluationShare, seed } = config;
    const settings = [appendEos, evaluationShare, seed, needsPairs(loss)];
    const key = JSON.stringify([await fileKey(model), await fileKey(data), ...settings]);
    const counting = this.counted.get(key) ?? this.count(config);
    // The one that was asked for last comes last.
    this.counted.delete(key);
    this.counted.set(key, counting);
    const counted = counting.catch(() => {
      // Asked again the next time: an engine that ended comes back, with the files as they were.
      if (this.counted.get(key) === counting) this.counted.delete(key);
      return null;
    });
    for (const old of [...this.counted.keys()].slice(0, -kept)) this.counted.delete(old);
    const stop = new AbortController();
    const outOfPatience = setTimeout(this.patience, null, { signal: stop.signal, ref: false }).catch(() => null);
    try {
      return await Promise.race([counted, outOfPatience]);
    } finally {
      stop.abort();
    }
  }

  private async count(config: AlignConfig): Promise<RowSizes | null> {
    const sizes = await this.device.engineClient().models.rowSizes(config);
    return sizes.training.length === 0 ? null : sizes;
  }
}
