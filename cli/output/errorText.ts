/** An error as a person reads it: what happened, why, what to do. */
import type { FolkmootError } from "../../core/contract/errors.ts";

/**
 * @param diagnostics stack traces and details as well (FOLKMOOT_DEBUG=1)
 */
export function errorText(error: FolkmootError, diagnostics = false): string {
  const lines = [
    `Error (${error.code}): ${error.message}`,
    ...(error.reason === undefined ? [] : [`  Why:  ${error.reason}`]),
    `  Do:   ${error.action}`,
  ];
  if (diagnostics) {
    lines.push("", `Details: ${JSON.stringify(error.details, null, 2)}`, error.stack ?? "");
    for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause)
      lines.push(`Caused by: ${cause.stack ?? cause.message}`);
  }
  return lines.join("\n");
}
