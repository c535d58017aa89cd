/** How a FolkmootError crosses a process: as oRPC's typed error `FOLKMOOT`, whose data is a `SerializedError`. */
import { ORPCError } from "@orpc/client";
import type { z } from "zod";
import { complaintsOf } from "../contract/complaints.ts";
import { deserializeError, FolkmootError, isSerializedError, toFolkmootError } from "../contract/errors.ts";

/** Any thrown value as the typed error of the contract. */
export function toWireError(thrown: unknown): ORPCError<"FOLKMOOT", unknown> {
  const error = thrown instanceof ORPCError ? fromWireError(thrown) : toFolkmootError(thrown);
  return new ORPCError("FOLKMOOT", { defined: true, message: error.message, data: error.toJSON() });
}

/** The error that the other side threw; a refused input becomes `bad-input` with the schema's complaints. */
export function fromWireError(thrown: unknown): FolkmootError {
  if (!(thrown instanceof ORPCError)) return toFolkmootError(thrown);
  if (isSerializedError(thrown.data)) return deserializeError(thrown.data);
  if (thrown.code === "BAD_REQUEST")
    return new FolkmootError(
      "bad-input",
      {
        message: "The job was refused: its input does not fit the contract.",
        reason: complaints(thrown.data),
        action: "Correct the named settings and start again.",
      },
      { cause: thrown },
    );
  return toFolkmootError(thrown);
}

function complaints(data: unknown): string {
  const issues = (data as { issues?: readonly z.core.$ZodIssue[] } | undefined)?.issues ?? [];
  return issues.length === 0 ? "What does not fit is not known." : `${complaintsOf(issues)}.`;
}
