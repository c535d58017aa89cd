/**
 * Structured clones as text, because the browser's debugging protocol carries nothing else. The same function runs in
 * the stand-in's main process and, by its source, in the page.
 */

export interface StructuredCodec {
  /** @throws DataCloneError for what a structured clone refuses: functions, symbols, DOM objects */
  encode(value: unknown): string;
  decode(text: string): unknown;
}

/** Self-contained: its source is sent to the page. */
export function structuredCodec(): StructuredCodec {
  type Cell = readonly [kind: string, ...parts: unknown[]];
  const views = {
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  };
  const bytes = (buffer: ArrayBuffer) => Array.from(new Uint8Array(buffer));

  const encode = (value: unknown): string => {
    const cells: Cell[] = [];
    const known = new Map<unknown, number>();
    const fields = (object: object) => Object.entries(object).map(([key, field]) => [key, cell(field)]);
    const describe = (item: unknown): Cell => {
      if (item === undefined) return ["undefined"];
      if (typeof item === "bigint") return ["bigint", String(item)];
      if (typeof item === "number") return ["number", Object.is(item, -0) ? "-0" : String(item)];
      if (typeof item !== "object" || item === null) return ["json", item];
      if (item instanceof Date) return ["date", item.getTime()];
      if (item instanceof RegExp) return ["regexp", item.source, item.flags];
      if (item instanceof Map) return ["map", [...item].map(([key, field]) => [cell(key), cell(field)])];
      if (item instanceof Set) return ["set", [...item].map((field) => cell(field))];
      if (item instanceof Error) return ["error", item.name, item.message];
      if (item instanceof ArrayBuffer) return ["buffer", bytes(item)];
      if (ArrayBuffer.isView(item)) {
        const copy = item.buffer.slice(item.byteOffset, item.byteOffset + item.byteLength);
        return ["view", item.constructor.name, bytes(copy as ArrayBuffer)];
      }
      if (Array.isArray(item)) return ["array", item.length, fields(item)];
      return ["object", fields(item)];
    };
    const cell = (item: unknown): number => {
      const at = known.get(item);
      if (at !== undefined && typeof item === "object") return at;
      const index = cells.length;
      known.set(item, index);
      cells.push(["json", null]);
      cells[index] = describe(item);
      return index;
    };
    // The clone drops prototypes and throws for what cannot be cloned.
    cell(structuredClone(value));
    return JSON.stringify(cells);
  };

  const decode = (text: string): unknown => {
    const cells = JSON.parse(text) as Cell[];
    const built = new Map<number, unknown>();
    const build = (index: number): unknown => {
      if (built.has(index)) return built.get(index);
      const [kind, a, b] = cells[index] as [string, never, never];
      const keep = <T>(item: T): T => {
        built.set(index, item);
        return item;
      };
      const fill = (target: object, entries: [string, number][]) => {
        for (const [key, at] of entries)
          Object.defineProperty(target, key, {
            value: build(at),
            writable: true,
            enumerable: true,
            configurable: true,
          });
        return target;
      };
      switch (kind) {
        case "undefined":
          return undefined;
        case "bigint":
          return BigInt(a);
        case "number":
          return Number(a);
        case "date":
          return keep(new Date(a));
        case "regexp":
          return keep(new RegExp(a, b));
        case "map": {
          const map = keep(new Map());
          for (const [key, field] of a as [number, number][]) map.set(build(key), build(field));
          return map;
        }
        case "set": {
          const set = keep(new Set());
          for (const field of a as number[]) set.add(build(field));
          return set;
        }
        case "error":
          return keep(Object.assign(new Error(b), { name: a }));
        case "buffer":
          return keep(new Uint8Array(a as number[]).buffer);
        case "view": {
          const { buffer } = new Uint8Array(b as number[]);
          if (a === "DataView") return keep(new DataView(buffer));
          if (a === "Buffer") return keep(new Uint8Array(buffer));
          return keep(new views[a as keyof typeof views](buffer));
        }
        case "array":
          return fill(keep(new Array(a)), b);
        case "object":
          return fill(keep({}), a);
        default:
          return a;
      }
    };
    return build(0);
  };
  return { encode, decode };
}
