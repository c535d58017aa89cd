/** Typed reading of GGUF metadata: the wrong type is a damaged file, a missing key is null. */
import type { GgufArray, GgufHeader, GgufValue } from "./ggufHeader.ts";
import { modelCorrupt } from "./modelErrors.ts";

export function textValue(header: GgufHeader, key: string): string | null {
  const value = header.metadata.get(key);
  if (value === undefined) return null;
  if (typeof value !== "string") throw modelCorrupt(header.path, `${key} is not a text`);
  return value;
}

export function numberValue(header: GgufHeader, key: string): number | null {
  const value = header.metadata.get(key);
  if (value === undefined) return null;
  if (typeof value !== "number") throw modelCorrupt(header.path, `${key} is not a number`);
  return value;
}

export function arrayValue(header: GgufHeader, key: string): GgufArray | null {
  const value = header.metadata.get(key);
  if (value === undefined) return null;
  if (!isArray(value)) throw modelCorrupt(header.path, `${key} is not a list`);
  return value;
}

/** A count that some architectures give per layer: the largest of them. */
export function countValue(header: GgufHeader, key: string): number | null {
  const value = header.metadata.get(key);
  if (value === undefined || !isArray(value)) return numberValue(header, key);
  const counts = (value.values ?? []).filter((count): count is number => typeof count === "number");
  if (counts.length === 0) throw modelCorrupt(header.path, `${key} is an empty list`);
  return Math.max(...counts);
}

function isArray(value: GgufValue): value is GgufArray {
  return typeof value === "object";
}
