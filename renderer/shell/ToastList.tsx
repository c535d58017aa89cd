import { X } from "lucide-react";
import { useStore } from "zustand";
import { useWorkbench } from "../app/hooks.ts";
import { Button } from "../components/Button.tsx";
import { ErrorNote } from "../components/ErrorNote.tsx";
import type { Toast } from "../stores/toasts.ts";
import { text } from "../text/en.ts";
import "./ToastList.css";

/** Messages in the lower right corner; Ctrl+Z is the undo of the newest one that has one. */
export function ToastList() {
  const { toasts } = useWorkbench();
  const open = useStore(toasts.store);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {open.map((toast) => (
        <ToastItem key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastItem({ toast }: { readonly toast: Toast }) {
  const { toasts, ...workbench } = useWorkbenchActions();
  const close = (
    <Button
      look="quiet"
      small
      icon={<X size={12} />}
      hint={text.actions.close}
      onPress={() => toasts.close(toast.id)}
    />
  );
  if (toast.error !== undefined)
    return (
      <div className="toast error">
        <ErrorNote error={toast.error}>{null}</ErrorNote>
        <div className="toast-close">{close}</div>
      </div>
    );
  return (
    <div className="toast">
      <p>{toast.message}</p>
      {toast.undo === undefined ? null : (
        <Button small onPress={() => void workbench.undo(toast)}>
          {text.actions.undo}
        </Button>
      )}
      {close}
    </div>
  );
}

function useWorkbenchActions() {
  const workbench = useWorkbench();
  return {
    toasts: workbench.toasts,
    undo: async (toast: Toast) => {
      if (toast.undo === undefined) return;
      const { undo } = toast;
      workbench.toasts.close(toast.id);
      const done = await workbench.attempt(() => workbench.client.undo.apply({ undo }));
      if (done === null) return;
      workbench.toasts.say(done.message);
      workbench.undone.setState((count) => count + 1, true);
    },
  };
}
