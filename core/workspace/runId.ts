/**
 * A run is named by what it runs: equal settings on equal files give equal ids, wherever the folder stands, so that
 * equal runs have equal records byte for byte (definitions: "the same run means equal records").
 */
import { sha256 } from "./hash.ts";

/** Settings that decide how fast a run is made, in how much memory and in how many sessions, not what it says. */
const executionSettings: ReadonlySet<string> = new Set([
  "threads",
  "gpu",
  "gpuLayers",
  "sequences",
  "activations",
  "maxMinutes",
]);

/** Whether a run is bound to a setting (`lora.rank`): with another value it is another run, in another folder. */
export function isBinding(setting: string): boolean {
  return !setting.split(".").some((key) => executionSettings.has(key));
}

/** What a run is held to when it is resumed: its configuration without the execution settings, as JSON has it. */
export function bindingSettings(config: object): unknown {
  return JSON.parse(JSON.stringify(config, (key, inner: unknown) => (executionSettings.has(key) ? undefined : inner)));
}

/** `<kind>-<12 hex digits>`; a path among `files` counts by the hash of its content. */
export function runId(config: { kind: string }, files: Readonly<Record<string, string>>): string {
  return `${config.kind}-${sha256(canonicalJson(config, files)).slice(0, 12)}`;
}

/** JSON with sorted keys, without execution settings, with known paths replaced by content hashes. */
function canonicalJson(value: unknown, files: Readonly<Record<string, string>>): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (executionSettings.has(key)) return undefined;
    if (typeof inner === "string") return Object.hasOwn(files, inner) ? files[inner] : inner;
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
