/**
 * The closed union of everything that can go wrong and reach a person.
 *
 * Each error carries three sentences: what happened, the likely cause, one action. Errors cross
 * processes as `{ code, message, cause, action, details }`; stack traces stay behind in diagnostics.
 */

/** Every code with the exit status the terminal gives for it (0 is success, 1 an unexpected fault). */
export const errorExitCodes = {
  "bad-input": 2,
  "bad-setting": 2,
  "model-not-found": 3,
  "model-corrupt": 3,
  "model-unsupported": 3,
  "adapter-mismatch": 3,
  "data-not-found": 4,
  "data-corrupt": 4,
  "run-not-found": 4,
  "run-mismatch": 4,
  "workspace-locked": 5,
  "workspace-newer": 5,
  "device-busy": 5,
  "read-only": 6,
  "disk-full": 6,
  "out-of-memory": 7,
  "gpu-out-of-memory": 7,
  "training-diverged": 8,
  "proof-failed": 8,
  "native-crash": 9,
  "native-missing": 9,
  "native-mismatch": 9,
  "device-unsupported": 9,
  unreachable: 9,
  cancelled: 130,
  internal: 1,
} as const;

export type ErrorCode = keyof typeof errorExitCodes;

export const errorCodes = Object.keys(errorExitCodes) as [ErrorCode, ...ErrorCode[]];

export interface ErrorParts {
  /** What happened, one sentence, with the name of the thing it happened to. */
  readonly message: string;
  /** The likely cause, one sentence. */
  readonly reason?: string;
  /** The one thing to do now, one sentence in the imperative. */
  readonly action: string;
  /** Facts for diagnostics (paths, sizes, names); plain JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The only error class that is meant for people. Anything else that escapes is a fault of ours (`internal`). */
export class FolkmootError extends Error {
  readonly code: ErrorCode;
  readonly reason: string | undefined;
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, parts: ErrorParts, options?: ErrorOptions) {
    super(parts.message, options);
    this.name = "FolkmootError";
    this.code = code;
    this.reason = parts.reason;
    this.action = parts.action;
    this.details = parts.details ?? {};
  }

  /** The form in which an error crosses a process or is written to events.jsonl. */
  toJSON(): SerializedError {
    return {
      code: this.code,
      message: this.message,
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      action: this.action,
      details: this.details,
    };
  }
}

export interface SerializedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reason?: string;
  readonly action: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Rebuilds an error that crossed a process. */
export function deserializeError(error: SerializedError): FolkmootError {
  return new FolkmootError(error.code, error);
}

/** True when `value` has the shape of `SerializedError` with a known code. */
export function isSerializedError(value: unknown): value is SerializedError {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as Partial<SerializedError>;
  return (
    typeof candidate.code === "string" &&
    candidate.code in errorExitCodes &&
    typeof candidate.message === "string" &&
    typeof candidate.action === "string"
  );
}

/**
 * Any thrown value as a `FolkmootError`: ours pass through, the operating system's disk and permission errors
 * get their code, an abort becomes `cancelled`, everything else is `internal` with the original as `cause`.
 */
export function toFolkmootError(thrown: unknown): FolkmootError {
  if (thrown instanceof FolkmootError) return thrown;
  if (isSerializedError(thrown)) return deserializeError(thrown);
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const system = error as NodeJS.ErrnoException;
  const details = { ...(system.path === undefined ? {} : { path: system.path }), original: error.message };
  if (system.code === "ENOSPC" || system.code === "EDQUOT")
    return new FolkmootError(
      "disk-full",
      {
        message: `No space is left to write ${system.path ?? "a file"}.`,
        action: "Free some space, then resume; nothing that was written before is lost.",
        details,
      },
      { cause: error },
    );
  if (system.code === "EROFS" || system.code === "EACCES" || system.code === "EPERM")
    return new FolkmootError(
      "read-only",
      {
        message: `${system.path ?? "A file"} cannot be written or read.`,
        reason: "The folder is read-only or belongs to somebody else.",
        action: "Choose a folder that you may write to, or change its permissions.",
        details,
      },
      { cause: error },
    );
  if (system.code === "ENOTDIR" || system.code === "ENAMETOOLONG")
    return new FolkmootError(
      "bad-input",
      {
        message: `${system.path ?? "The path"} cannot be a folder.`,
        reason:
          system.code === "ENOTDIR" ? "It, or what it lies in, is a file." : "The name is too long for this disk.",
        action: "Name another place.",
        details,
      },
      { cause: error },
    );
  if (error.name === "AbortError")
    return new FolkmootError(
      "cancelled",
      { message: "The work was stopped.", action: "Resume it when you like; what was finished is kept." },
      { cause: error },
    );
  return new FolkmootError(
    "internal",
    {
      message: `Something went wrong inside Folkmoot: ${error.message}`,
      reason: "This is a fault of the program, not of your input.",
      action: "Copy the diagnostics and report it.",
      details,
    },
    { cause: error },
  );
}
