/** Versions, device, settings, last errors, the hosts' last words: what helps to find a fault, and nothing else. */
import { homedir } from "node:os";
import type { MachineState, Settings } from "../contract/workbench/machine.ts";
import type { Job } from "./job.ts";

const logCharacters = 16_000;

export interface DiagnosticsParts {
  readonly versions: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly machine: MachineState;
  readonly settings: Settings;
  readonly jobs: readonly Job[];
  readonly log: string;
}

/** The home folder stands as `~`; what looks like a token or a key is left out. Pure. */
export function diagnosticsText(parts: DiagnosticsParts): string {
  const { versions, platform, machine, settings, jobs, log } = parts;
  const gigabytes = (bytes: number | null) => (bytes === null ? "unknown" : `${(bytes / 2 ** 30).toFixed(1)} GiB`);
  const { face: _, ...own } = settings;
  const errors = jobs.flatMap((job) =>
    job.error === null ? [] : [`${job.spec.id}: ${JSON.stringify(job.error.toJSON())}`],
  );
  const text = [
    `Folkmoot ${versions.folkmoot}, Node ${versions.node}, node-llama-cpp ${versions.nodeLlamaCpp}`,
    platform,
    `${machine.device}, ${machine.cores} cores, ${gigabytes(machine.memory.total)} memory, ${gigabytes(machine.memory.free)} free, disk ${gigabytes(machine.diskFree)} free`,
    `Device: ${machine.lease.holder}${machine.lease.job === null ? "" : ` (${machine.lease.job})`}; processes: ${machine.hosts.map(({ kind, memory }) => `${kind} ${gigabytes(memory)}`).join(", ") || "none"}`,
    `Settings: ${JSON.stringify(own)}`,
    `Jobs: ${jobs.map(({ spec, state }) => `${spec.id} ${state}`).join(", ") || "none"}`,
    `Errors:\n${errors.join("\n") || "none"}`,
    `Output of the processes:\n${log.slice(-logCharacters) || "none"}`,
  ].join("\n\n");
  return withoutSecrets(text);
}

export function withoutSecrets(text: string): string {
  return text
    .replaceAll(homedir(), "~")
    .replace(/(token=|authorization:?\s*(?:bearer\s+)?|api[-_]?key["'=:\s]+)[\w.~+/-]{8,}/gi, "$1…")
    .replace(/\b[0-9a-f]{64}\b/gi, (hash) => `${hash.slice(0, 8)}…`)
    .replace(/\b(?:sk|hf|ghp)[-_][\w-]{16,}/g, "…");
}
