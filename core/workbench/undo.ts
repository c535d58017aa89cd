/** What can be taken back. Removed things survive the service (they lie in the trash), annotations as well. */
import { randomUUID } from "node:crypto";
import { FolkmootError } from "../contract/errors.ts";
import type { Undoable } from "../contract/workbench/common.ts";

interface Undo {
  readonly message: string;
  readonly at: number;
  readonly expires: number | null;
  readonly takeBack: () => Promise<void>;
}

/** The oldest are forgotten first. */
const kept = 500;

export class UndoList {
  private readonly undos = new Map<string, Undo>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  /** @param id default: a new one. */
  add(
    message: string,
    takeBack: () => Promise<void>,
    options: { id?: string; at?: number; expires?: number } = {},
  ): Undoable {
    const id = options.id ?? randomUUID();
    this.undos.set(id, { message, takeBack, at: options.at ?? this.now(), expires: options.expires ?? null });
    const [oldest] = this.undos.keys();
    if (this.undos.size > kept && oldest !== undefined) this.undos.delete(oldest);
    return { undo: id, message };
  }

  /** @throws FolkmootError `run-not-found` for one that is gone or was used; what taking back throws. */
  async apply(id: string): Promise<{ message: string }> {
    const undo = this.undos.get(id);
    if (undo === undefined)
      throw new FolkmootError("run-not-found", {
        message: "This can no longer be taken back.",
        reason: "It was taken back already, or too long ago.",
        action: "Look at the list as it is now.",
      });
    this.undos.delete(id);
    try {
      await undo.takeBack();
    } catch (error) {
      this.undos.set(id, undo);
      throw error;
    }
    return { message: undo.message };
  }

  list(): (Undoable & { at: number; expires: number | null })[] {
    return [...this.undos]
      .map(([undo, { message, at, expires }]) => ({ undo, message, at, expires }))
      .sort((a, b) => b.at - a.at);
  }
}
