/** How many rows and attention blocks a forward pass of the native trainer has: the counts of native/src/packing.cpp. */

/** Token counts of one question. */
export interface QuestionSize {
  readonly query: number;
  readonly responses: readonly number[];
}

export interface AttentionBlockSize {
  readonly queries: number;
  /** Padded. */
  readonly keys: number;
}

export interface PackingSize {
  /** Padded; prefixes and segments. */
  readonly rows: number;
  readonly segmentRows: number;
  readonly prefixBlocks: readonly AttentionBlockSize[];
  readonly segmentBlocks: readonly AttentionBlockSize[];
}

// As in native/src/packing.cpp.
const rowMultiple = 32;
const keyMultiple = 16;
const mergeBelow = 64;

export function packSize(questions: readonly QuestionSize[]): PackingSize {
  const prefixes = questions.map(({ query }) => query - 1);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const segmentRows = roundUp(sum(questions.map(({ responses }) => sum(responses))), rowMultiple);
  const segmentBlocks = questions.flatMap(({ responses }, i) =>
    merged(responses).map((queries) => block(queries, queries + (prefixes[i] as number))),
  );
  return {
    rows: roundUp(sum(prefixes), rowMultiple) + segmentRows,
    segmentRows,
    prefixBlocks: merged(prefixes)
      .filter((count) => count > 0)
      .map((count) => block(count, count)),
    segmentBlocks,
  };
}

/** Scores of all blocks, or of the largest, for one head. */
export function scoreCounts({ prefixBlocks, segmentBlocks }: PackingSize, includePrefixes = true) {
  const blocks = [...(includePrefixes ? prefixBlocks : []), ...segmentBlocks];
  // One by one: a pass may have more blocks than a call can have arguments.
  return blocks.reduce(
    ({ all, largest }, { queries, keys }) => ({
      all: all + queries * keys,
      largest: Math.max(largest, queries * keys),
    }),
    { all: 0, largest: 0 },
  );
}

/** Neighbours are merged while they stay short. */
function merged(counts: readonly number[]): number[] {
  const result: number[] = [];
  for (const count of counts) {
    const last = result.at(-1);
    if (last !== undefined && last + count <= mergeBelow) result[result.length - 1] = last + count;
    else result.push(count);
  }
  return result;
}

function block(queries: number, keys: number): AttentionBlockSize {
  return { queries, keys: roundUp(keys, keyMultiple) };
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
