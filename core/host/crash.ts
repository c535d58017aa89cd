/** What the end of a host process means to a person. */
import { FolkmootError } from "../contract/errors.ts";

export type HostKind = "engine" | "trainer";

export interface HostExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last thing the process wrote. */
  readonly stderr: string;
}

const reasons: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: "It was killed from outside, most often by the operating system because memory ran out.",
  SIGABRT: "The native library gave up, most often on a model file or adapter that is damaged.",
  SIGSEGV: "The native library read memory that is not its own, most often because of a damaged model file or adapter.",
  SIGBUS: "A file that was in use was cut short, or its disk went away.",
  SIGILL: "This processor lacks an instruction that the native library uses.",
};

/** What takes less memory and lets the same run go on. */
const lessMemory: Readonly<Record<HostKind, string>> = {
  engine: "fewer sequences",
  trainer: "activations computed again (--activations recompute)",
};

/** `native-crash` for every exit that nobody asked for. */
export function describeExit(kind: HostKind, { code, signal, stderr }: HostExit): FolkmootError {
  const how = signal ?? (code === null ? "it could not be started" : `exit code ${code}`);
  return new FolkmootError("native-crash", {
    message: `The ${kind} process ended unexpectedly (${how}).`,
    reason: (signal === null ? undefined : reasons[signal]) ?? "A fault in the process or in a native library.",
    action:
      signal === "SIGKILL"
        ? `Resume the run with ${lessMemory[kind]} or a smaller model; what was finished is kept.`
        : "Resume the run; what was finished is kept. If it happens again, check the model file and copy the diagnostics.",
    details: { host: kind, exitCode: code, signal, stderr },
  });
}
