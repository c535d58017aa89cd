/** What the window finds again: filters, selection, panel sizes. Kept in the workspace's settings, written with a delay. */
import { createStore, type StoreApi } from "zustand/vanilla";

export type Face = Readonly<Record<string, unknown>>;

/** Milliseconds between a change and its writing; dragging a divider is one write. */
const delay = 600;

export class FaceMemory {
  readonly store: StoreApi<Face> = createStore<Face>(() => ({}));
  private readonly write: (changes: Record<string, unknown>) => void;
  private readonly after: (milliseconds: number, action: () => void) => void;
  private waiting: Record<string, unknown> = {};
  private scheduled = false;

  /**
   * @param write hands the changed keys to the service
   * @param after calls `action` after so many milliseconds
   */
  constructor(
    write: (changes: Record<string, unknown>) => void,
    after: (milliseconds: number, action: () => void) => void,
  ) {
    this.write = write;
    this.after = after;
  }

  /** What was kept before this start; keys set meanwhile win. */
  restore(face: Face): void {
    this.store.setState({ ...face, ...this.store.getState() }, true);
  }

  get<T>(key: string, parse: (value: unknown) => T): T {
    return parse(this.store.getState()[key]);
  }

  set(key: string, value: unknown): void {
    this.store.setState({ ...this.store.getState(), [key]: value }, true);
    this.waiting[key] = value;
    if (this.scheduled) return;
    this.scheduled = true;
    this.after(delay, () => this.flush());
  }

  /** Writes what still waits, e.g. when the window closes. */
  flush(): void {
    this.scheduled = false;
    const changes = this.waiting;
    this.waiting = {};
    if (Object.keys(changes).length > 0) this.write(changes);
  }
}
