/** Anything that a call may throw, as the one error that the page shows. */
import { ORPCError } from "@orpc/client";
import type { z } from "zod";
import { complaintsOf } from "../../core/contract/complaints.ts";
import { deserializeError, FolkmootError, isSerializedError, toFolkmootError } from "../../core/contract/errors.ts";

/** A refused input becomes `bad-input` and names the settings; a broken line becomes `unreachable`. */
export function fromWire(thrown: unknown): FolkmootError {
  if (thrown instanceof FolkmootError) return thrown;
  if (thrown instanceof ORPCError) {
    if (isSerializedError(thrown.data)) return deserializeError(thrown.data);
    if (thrown.code === "BAD_REQUEST")
      return new FolkmootError("bad-input", {
        message: "The workbench refused the input.",
        reason: refusedSettings(thrown.data) ?? "It does not fit what the workbench expects.",
        action: "Correct the named settings, then try again.",
      });
  }
  if (isBrokenLine(thrown))
    return new FolkmootError("unreachable", {
      message: "The line to the workbench broke before it answered.",
      reason: "Its process has ended or was restarted.",
      action: "Try again when the status bar says that the line is back.",
    });
  return toFolkmootError(thrown);
}

/** Every complaint about a refused input; null where it comes without any. */
function refusedSettings(data: unknown): string | null {
  const issues = (data as { issues?: readonly z.core.$ZodIssue[] } | undefined)?.issues ?? [];
  return issues.length === 0 ? null : `${complaintsOf(issues)}.`;
}

/** What oRPC throws into calls whose line closed, and the socket's own refusal to send. */
function isBrokenLine(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return thrown.name === "AbortError" || /WebSocket is not open|queue was closed|\[AsyncIdQueue\]/.test(thrown.message);
}
