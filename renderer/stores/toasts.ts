/** Short messages at the edge of the window, with an undo where there is one, and errors that wait to be read. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { FolkmootError } from "../../core/contract/errors.ts";
import type { Undoable } from "../../core/contract/workbench/common.ts";

export interface Toast {
  readonly id: number;
  readonly message: string;
  /** Token for `undo.apply`. */
  readonly undo?: string;
  /** Shown with its cause and action; stays until it is closed. */
  readonly error?: FolkmootError;
}

/** Milliseconds that a message stays; long enough to reach the undo by keyboard. */
const stay = 8000;
const most = 4;

export class Toasts {
  readonly store: StoreApi<readonly Toast[]> = createStore<readonly Toast[]>(() => []);
  private next = 1;
  private readonly after: (milliseconds: number, action: () => void) => void;

  /** @param after calls `action` after so many milliseconds */
  constructor(after: (milliseconds: number, action: () => void) => void) {
    this.after = after;
  }

  say(message: string): void {
    this.add({ id: this.next++, message });
  }

  undoable({ message, undo }: Undoable): void {
    this.add({ id: this.next++, message, undo });
  }

  /** The same error twice in a row stands once. */
  error(error: FolkmootError): void {
    const open = this.store.getState();
    if (open.some((toast) => toast.error?.code === error.code && toast.message === error.message)) return;
    this.add({ id: this.next++, message: error.message, error });
  }

  close(id: number): void {
    this.store.setState((open) => open.filter((toast) => toast.id !== id), true);
  }

  private add(toast: Toast): void {
    this.store.setState((open) => [...open, toast].slice(-most), true);
    if (toast.error === undefined) this.after(stay, () => this.close(toast.id));
  }
}
