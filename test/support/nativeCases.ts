/** The reference cases (test/fixtures/cases) and what tests do with them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { loadNativeAddon } from "../../core/alignment/nativeAddon.ts";
import type { ModelTrainer, OpenOptions, StepOptions, TokenRow } from "../../core/alignment/nativeTrainer.ts";
import { readGgufHeader } from "../../core/models/ggufHeader.ts";
import { ggmlLibraryFolder } from "../../core/models/llama/libraries.ts";

const fixtures = join(import.meta.dirname, "..", "fixtures", "cases");

export const caseModes = ["paper-sum", "paper-mean", "reference-mean", "reference-max"] as const;
export type CaseMode = (typeof caseModes)[number];

export interface ReferenceCase {
  readonly arch: string;
  /** Context that the trainer is told; absent where it is not told. */
  readonly contextLength?: number;
  readonly query: number[];
  readonly responses: number[][];
  readonly scores: number[];
  readonly ratingScale: number;
  readonly margin: number;
  readonly ratio: number;
  readonly logps: number[][];
  /** Of a case's own modes (referenceCases.ts). */
  readonly modes: Record<CaseMode, { loss: number; nll: number[]; penalty: number; grad_norm: number }>;
  readonly adamw: { loss_trace: number[] };
}

export const addon = loadNativeAddon();
export const libraries = ggmlLibraryFolder();

export function casePath(name: string, file: string): string {
  return join(fixtures, name, file);
}

export async function readCase(name: string): Promise<ReferenceCase> {
  return JSON.parse(await readFile(casePath(name, "case.json"), "utf8")) as ReferenceCase;
}

export function caseRow(reference: ReferenceCase): TokenRow {
  return { query: reference.query, responses: reference.responses };
}

/** A trainer that is disposed when the test ends. One thread: tests share the cores. */
export async function openTrainer(model: string, options: Partial<OpenOptions> = {}): Promise<ModelTrainer> {
  const trainer = await addon.openTrainer({ model, libraries, threads: 1, ...options });
  onTestFinished(() => trainer.dispose());
  return trainer;
}

/** The trainer of a case's model with its adapter, in the case's context. */
export async function openCase(name: string, options: Partial<OpenOptions> = {}): Promise<ModelTrainer> {
  const { contextLength } = await readCase(name);
  const trainer = await openTrainer(casePath(name, "model.gguf"), {
    ...options,
    ...(contextLength === undefined ? {} : { contextLength }),
  });
  await trainer.loadAdapter(casePath(name, "adapter.gguf"));
  return trainer;
}

/** AdamW as the reference ran it: no clipping, no decay. */
export const referenceStep: StepOptions = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  gradientScale: 1,
  clipNorm: 0,
};

/** All F32 tensors of a GGUF by name. */
export async function readTensors(path: string): Promise<Map<string, Float32Array>> {
  const header = await readGgufHeader(path);
  const bytes = await readFile(path);
  return new Map(
    header.tensors.map(({ name, type, offset, elements }) => {
      if (type !== "F32") throw new Error(`${name} is ${type}`);
      const start = header.dataStart + offset;
      return [
        name,
        new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + start + elements * 4)),
      ];
    }),
  );
}

/** ‖actual − expected‖ / ‖expected‖. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += ((actual[i] as number) - (expected[i] as number)) ** 2;
    norm += (expected[i] as number) ** 2;
  }
  return Math.sqrt(difference / norm);
}

export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    dot += (a[i] as number) * (b[i] as number);
    aa += (a[i] as number) ** 2;
    bb += (b[i] as number) ** 2;
  }
  return dot / Math.sqrt(aa * bb);
}

export function largestDifference(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  return Math.max(...a.flatMap((row, i) => row.map((value, t) => Math.abs(value - (b[i]?.[t] ?? Number.NaN)))));
}

/** Every tensor of two files, compared by `measure` (default: `relativeError`); the names must be the same. */
export async function compareFiles(
  actual: string,
  expected: string,
  measure: (a: Float32Array, b: Float32Array) => number = relativeError,
): Promise<Map<string, number>> {
  const [left, right] = [await readTensors(actual), await readTensors(expected)];
  if ([...left.keys()].sort().join() !== [...right.keys()].sort().join()) throw new Error("the tensors differ in name");
  return new Map([...right].map(([name, values]) => [name, measure(left.get(name) as Float32Array, values)]));
}

/** dLoss/dlogp of the summed mean NLL of one question's responses: −1/T per token. */
export function meanNllGradient(logps: readonly (readonly number[])[]): number[][] {
  return logps.map((response) => response.map(() => -1 / response.length));
}
