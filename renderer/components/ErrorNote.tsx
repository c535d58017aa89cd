import { CircleAlert, ClipboardCopy } from "lucide-react";
import type { ReactNode } from "react";
import { copyDiagnostics, type ShownError } from "../app/diagnostics.ts";
import { useWorkbench } from "../app/hooks.ts";
import { text } from "../text/en.ts";
import { Button } from "./Button.tsx";
import "./ErrorNote.css";

/** An error as people get it: what happened, why, one thing to do; the rest goes into the diagnostics. */
export function ErrorNote(props: {
  readonly error: ShownError;
  /** Buttons, e.g. to try again. */
  readonly children?: ReactNode;
}) {
  const workbench = useWorkbench();
  return (
    <section className="error-note" role="alert">
      <CircleAlert size={16} aria-hidden />
      <div className="error-text">
        <p className="error-message selectable">{props.error.message}</p>
        {props.error.reason === undefined ? null : <p className="quiet selectable">{props.error.reason}</p>}
        <p className="error-action">{props.error.action}</p>
        <div className="error-buttons">
          {props.children}
          <Button
            small
            look="quiet"
            icon={<ClipboardCopy size={12} />}
            onPress={() => void copyDiagnostics(workbench, props.error)}
          >
            {text.actions.copyDiagnostics}
          </Button>
        </div>
      </div>
    </section>
  );
}
