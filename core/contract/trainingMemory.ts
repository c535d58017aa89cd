/** What a training took of the memory beside what was expected of it before the start, part by part. Bytes. */
import { z } from "zod";

const bytes = z.number();

/** Results of older versions call the copies `transposed`. */
const partsByName = (parts: unknown): unknown =>
  typeof parts === "object" && parts !== null && "transposed" in parts ? { copies: parts.transposed, ...parts } : parts;

/** The part of an alignment's result that is about memory. */
const ended = z.looseObject({
  /** What the trainer holds, on the device that computes. */
  memory: z.preprocess(
    partsByName,
    z.looseObject({ weights: bytes, copies: bytes, adapter: bytes, activations: bytes, arena: bytes }),
  ),
  memoryEstimate: z
    .preprocess(
      partsByName,
      z
        .looseObject({
          ...{ weights: bytes, copies: bytes, adapter: bytes, activations: bytes },
          ...{ headChunk: bytes, block: bytes, program: bytes },
        })
        .nullable(),
    )
    .default(null),
  peakResidentBytes: bytes.nullable().default(null),
});

/** `work`: of one block or of the output head, whichever takes more. `program`: the process beside all this. */
export const memoryParts = ["weights", "copies", "adapter", "activations", "work", "program"] as const;
export type MemoryPart = (typeof memoryParts)[number];

export interface MemoryFigures {
  readonly measured: number;
  /** For the largest forward pass of its rows; null where nothing was estimated. */
  readonly estimated: number | null;
}

export interface MemoryComparison {
  /** Parts that take anything. Without `program` on a card, and where the process was not measured. */
  readonly parts: readonly (MemoryFigures & { readonly part: MemoryPart })[];
  /** Of these parts. */
  readonly total: MemoryFigures;
  /** On a card: the largest resident set of the process beside it; null on the processor, or where it is not known. */
  readonly besideCard: number | null;
}

/**
 * Measured and estimated for the same parts, so that both totals count the same.
 * @param result of an alignment
 * @returns null where it says nothing of memory, or nothing was trained
 */
export function compareMemory(result: Readonly<Record<string, unknown>> | null): MemoryComparison | null {
  const parsed = ended.safeParse(result);
  // A trainer that has passed no row holds nothing that is worth telling.
  if (!parsed.success || parsed.data.memory.activations === 0) return null;
  const { memory, memoryEstimate: estimate, peakResidentBytes: resident } = parsed.data;
  const { weights, copies, adapter, activations, arena } = memory;
  const held = weights + copies + adapter + activations + arena;
  const onCard = estimate?.program === 0;
  // Pages of the mapped file that nobody touched are not resident.
  const program = onCard || resident === null ? null : Math.max(0, resident - held);
  const measured = { weights, copies, adapter, activations, work: arena, program };
  const estimated = estimate === null ? null : { ...estimate, work: Math.max(estimate.headChunk, estimate.block) };
  const parts = memoryParts.flatMap((part) => {
    const bytesOfPart = measured[part];
    if (bytesOfPart === null) return [];
    const expected = estimated === null ? null : estimated[part];
    return bytesOfPart === 0 && (expected ?? 0) === 0 ? [] : [{ part, measured: bytesOfPart, estimated: expected }];
  });
  const total = {
    measured: parts.reduce((sum, part) => sum + part.measured, 0),
    estimated: estimated === null ? null : parts.reduce((sum, part) => sum + (part.estimated ?? 0), 0),
  };
  return { parts, total, besideCard: onCard ? resident : null };
}

/** Measured against estimated, e.g. −0.12 for an eighth less; null without an estimate. */
export function differenceOf({ measured, estimated }: MemoryFigures): number | null {
  return estimated === null || estimated === 0 ? null : measured / estimated - 1;
}
