/**
 * An exact NativeTrainer in a page: a bigram model, logits(next | previous) = base[previous] + adapter[previous], with
 * real gradients in float64, real clipping and AdamW. What the loop does to it, it does to the native one.
 */
import { readFile, writeFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import type { NativeTrainer, NewAdapter, StepOptions, TokenRow } from "../../../core/alignment/nativeTrainer.ts";
import { FolkmootError } from "../../../core/contract/errors.ts";
import { randomStream } from "../../../core/random.ts";

export interface Faults {
  /** Called before a method does its work; may throw, abort or wait. */
  before?(method: string, call: number): void | Promise<void>;
  /** Log-probabilities of this forward call (from 1) are NaN. */
  poisonedForward?: number;
  /** The adapter stays on where the base is asked for. */
  adapterStaysOn?: boolean;
}

export class BigramTrainer implements NativeTrainer {
  readonly info;
  /** Calls by method. */
  readonly calls: Record<string, number> = {};
  /** Rows per forward call. */
  readonly forwardSizes: number[] = [];
  /** Rows for which the base was asked. */
  adapterOff = 0;
  /** The adapter that was asked for last. */
  lora: NewAdapter | null = null;
  adapter: Float64Array;
  gradient: Float64Array;
  private first: Float64Array;
  private second: Float64Array;
  private steps = 0;
  private kept: readonly TokenRow[] = [];
  private cancelled = false;
  private readonly base: Float64Array;
  private readonly vocabulary: number;
  private readonly faults: Faults;

  constructor(vocabulary = 128, faults: Faults = {}, contextLength = 512, device = "test") {
    this.vocabulary = vocabulary;
    this.faults = faults;
    const size = vocabulary * vocabulary;
    const random = randomStream(1, "bigram");
    this.base = Float64Array.from({ length: size }, () => random.normal() * 0.5);
    [this.adapter, this.gradient] = [new Float64Array(size), new Float64Array(size)];
    [this.first, this.second] = [new Float64Array(size), new Float64Array(size)];
    const shape = { layers: 1, embedding: vocabulary, feedForward: 1, heads: 1, kvHeads: 1 };
    this.info = {
      architecture: "bigram",
      ...shape,
      vocabulary,
      contextLength,
      tied: false,
      device,
      gpuLayers: null,
      products: { f32: { forward: "f32", backward: "f64" } },
      threads: 1,
    };
  }

  async newAdapter(adapter: NewAdapter): Promise<void> {
    await this.enter("newAdapter");
    this.lora = adapter;
    for (const array of [this.adapter, this.gradient, this.first, this.second]) array.fill(0);
    this.steps = 0;
  }

  async forward(rows: readonly TokenRow[], options: { adapter: boolean; keep: boolean }): Promise<number[][][]> {
    await this.enter("forward");
    this.forwardSizes.push(rows.length);
    if (options.keep) this.kept = rows;
    if (!options.adapter) this.adapterOff += rows.length;
    const adapter = options.adapter || this.faults.adapterStaysOn === true;
    const result: number[][][] = [];
    for (const row of rows) {
      await setImmediate();
      this.stopIfCancelled();
      result.push(
        row.responses.map((response) =>
          response.map((token, i) =>
            Math.log(this.probabilities(previous(row, response, i), adapter)[token] as number),
          ),
        ),
      );
    }
    if (this.faults.poisonedForward !== this.calls.forward) return result;
    return result.map((row) => row.map((response) => response.map(() => Number.NaN)));
  }

  async backward(dLogp: readonly (readonly (readonly number[])[])[]): Promise<void> {
    await this.enter("backward");
    for (const [r, row] of this.kept.entries())
      for (const [k, response] of row.responses.entries())
        for (const [i, token] of response.entries()) {
          const context = previous(row, response, i);
          const weight = dLogp[r]?.[k]?.[i] as number;
          this.probabilities(context, true).forEach((p, next) => {
            this.add(this.gradient, context * this.vocabulary + next, weight * ((next === token ? 1 : 0) - p));
          });
        }
  }

  async zeroGradients(): Promise<void> {
    await this.enter("zeroGradients");
    this.gradient.fill(0);
  }

  async step(options: StepOptions): Promise<{ gradNorm: number; step: number }> {
    await this.enter("step");
    const { learningRate, beta1, beta2, epsilon, weightDecay, gradientScale, clipNorm } = options;
    const scaled = this.gradient.map((g) => g * gradientScale);
    const gradNorm = Math.sqrt(scaled.reduce((sum, g) => sum + g * g, 0));
    const clip = clipNorm > 0 && gradNorm > clipNorm ? clipNorm / gradNorm : 1;
    this.steps++;
    for (const [i, g] of scaled.entries()) {
      const m = beta1 * (this.first[i] as number) + (1 - beta1) * g * clip;
      const v = beta2 * (this.second[i] as number) + (1 - beta2) * (g * clip) ** 2;
      this.first[i] = m;
      this.second[i] = v;
      const update = m / (1 - beta1 ** this.steps) / (Math.sqrt(v / (1 - beta2 ** this.steps)) + epsilon);
      this.add(this.adapter, i, -learningRate * (update + weightDecay * (this.adapter[i] as number)));
    }
    return { gradNorm, step: this.steps };
  }

  saveAdapter(path: string): Promise<void> {
    return this.write("saveAdapter", path, [this.adapter]);
  }

  saveGradients = (path: string) => this.write("saveGradients", path, [this.gradient]);
  saveState = (path: string) => this.write("saveState", path, [this.first, this.second, Float64Array.of(this.steps)]);

  async loadAdapter(path: string): Promise<void> {
    this.adapter = (await this.read("loadAdapter", path)).slice();
    for (const array of [this.gradient, this.first, this.second]) array.fill(0);
  }

  async loadState(path: string): Promise<void> {
    const all = await this.read("loadState", path);
    const size = this.base.length;
    this.first = all.slice(0, size);
    this.second = all.slice(size, 2 * size);
    this.steps = all[2 * size] as number;
  }

  async memory() {
    const bytes = this.base.byteLength;
    return { weights: bytes, copies: 0, adapter: bytes, activations: 0, arena: 0 };
  }

  cancel(): void {
    this.cancelled = true;
  }

  async dispose(): Promise<void> {}

  private async enter(method: string): Promise<void> {
    this.calls[method] = (this.calls[method] ?? 0) + 1;
    this.cancelled = false;
    await this.faults.before?.(method, this.calls[method]);
    this.stopIfCancelled();
  }

  private stopIfCancelled(): void {
    if (this.cancelled) throw new FolkmootError("cancelled", { message: "stopped", action: "none" });
  }

  private probabilities(context: number, adapter: boolean): Float64Array {
    const at = context * this.vocabulary;
    const logits = this.base.slice(at, at + this.vocabulary);
    if (adapter) for (const i of logits.keys()) this.add(logits, i, this.adapter[at + i] as number);
    const exp = logits.map(Math.exp);
    const sum = exp.reduce((total, x) => total + x, 0);
    return exp.map((x) => x / sum);
  }

  private add(array: Float64Array, index: number, value: number): void {
    array[index] = (array[index] as number) + value;
  }

  private async write(method: string, path: string, arrays: Float64Array[]): Promise<void> {
    await this.enter(method);
    await writeFile(path, Buffer.concat(arrays.map((array) => Buffer.from(array.buffer))));
  }

  private async read(method: string, path: string): Promise<Float64Array> {
    await this.enter(method);
    const bytes = await readFile(path);
    return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  }
}

function previous(row: TokenRow, response: readonly number[], i: number): number {
  return (i === 0 ? row.query.at(-1) : response[i - 1]) as number;
}
