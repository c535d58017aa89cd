/** Puts what a helper needs on the clipboard: the error, then what the service knows of itself. */
import type { ErrorCode } from "../../core/contract/errors.ts";
import { text } from "../text/en.ts";
import type { Workbench } from "./workbench.ts";

/** An error as it arrives, from a stream or from a call. */
export interface ShownError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reason?: string | undefined;
  readonly action: string;
}

export async function copyDiagnostics(workbench: Workbench, error?: ShownError): Promise<void> {
  const head = error === undefined ? "" : `${error.code}: ${error.message}\n${error.reason ?? ""}\n\n`;
  // The service may be what failed: the error itself is copied in any case.
  const rest = await workbench.client.diagnostics().then(
    (diagnostics) => diagnostics.text,
    () => text.diagnostics.noAnswer,
  );
  await copy(workbench, `${head}${rest}`);
}

/** Puts text on the clipboard and says so. */
export async function copy(workbench: Workbench, value: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(value);
    workbench.toasts.say(text.toasts.copied);
  } catch (thrown) {
    workbench.report(thrown);
  }
}
