/** Everything that the page holds beside its views: the client, the stores, the streams. One per window. */
import { createORPCClient } from "@orpc/client";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { FolkmootError } from "../../core/contract/errors.ts";
import type { Undoable } from "../../core/contract/workbench/common.ts";
import type { WorkbenchClient } from "../../core/contract/workbench.ts";
import { Connection, waitOnClock } from "../connection/connection.ts";
import { follow } from "../connection/follow.ts";
import type { OpenLine } from "../connection/line.ts";
import { fromWire } from "../connection/wireErrors.ts";
import type { About, Capabilities, MachineState, Settings, SettingsChange } from "../contractTypes.ts";
import { LiveRuns } from "../jobs/liveRuns.ts";
import { FaceMemory } from "../stores/face.ts";
import { applyListFrame, createLists, type ListsStore } from "../stores/lists.ts";
import { Toasts } from "../stores/toasts.ts";
import { applyTheme } from "./theme.ts";

/** What is asked once, after every new line. */
export interface Surroundings {
  readonly about: About | null;
  readonly capabilities: Capabilities;
  readonly settings: Settings | null;
}

const noCapabilities: Capabilities = { nativeDialogs: false, reveal: false, notifications: false };

export class Workbench {
  readonly connection: Connection;
  readonly client: WorkbenchClient;
  readonly lists: ListsStore = createLists();
  readonly machine: StoreApi<MachineState | null> = createStore<MachineState | null>(() => null);
  readonly surroundings: StoreApi<Surroundings> = createStore<Surroundings>(() => ({
    about: null,
    capabilities: noCapabilities,
    settings: null,
  }));
  /** Counts what changed lists from elsewhere (what was taken back, what was dropped); they are then asked for anew. */
  readonly undone: StoreApi<number> = createStore<number>(() => 0);
  readonly toasts: Toasts;
  readonly face: FaceMemory;
  readonly live: LiveRuns;
  private readonly stop = new AbortController();

  constructor(open: OpenLine) {
    const after = (milliseconds: number, action: () => void) => void setTimeout(action, milliseconds);
    this.connection = new Connection({ open, wait: waitOnClock });
    this.client = createORPCClient<WorkbenchClient>(this.connection);
    this.toasts = new Toasts(after);
    this.face = new FaceMemory((face) => void this.changeSettings({ face }), after);
    this.live = new LiveRuns(this.client, this.connection, {
      error: (thrown) => this.report(thrown),
      notice: (message) => this.toasts.say(message),
    });
    this.connection.state.subscribe((state) => {
      if (state.kind === "open") void this.look();
    });
    this.followLists();
    this.followMachine();
  }

  /** Runs something a person asked for; what goes wrong is shown. Null after an error. */
  async attempt<T>(action: () => Promise<T>): Promise<T | null> {
    try {
      return await action();
    } catch (thrown) {
      this.report(thrown);
      return null;
    }
  }

  /** As `attempt`, for what can be taken back: the message carries the undo. */
  async attemptUndoable<T extends Undoable>(action: () => Promise<T>): Promise<T | null> {
    const done = await this.attempt(action);
    if (done !== null) this.toasts.undoable(done);
    return done;
  }

  /** Shows an error, unless it only says that somebody stopped the work. */
  report(thrown: unknown): FolkmootError {
    const error = fromWire(thrown);
    if (error.code !== "cancelled") this.toasts.error(error);
    return error;
  }

  async changeSettings(change: SettingsChange): Promise<void> {
    const settings = await this.attempt(() => this.client.settings.set(change));
    if (settings !== null) this.takeSettings(settings);
  }

  dispose(): void {
    this.face.flush();
    this.stop.abort();
    this.connection.dispose();
  }

  private async look(): Promise<void> {
    await this.attempt(async () => {
      const [about, capabilities, settings] = await Promise.all([
        this.client.about(),
        this.client.capabilities(),
        this.client.settings.get(),
      ]);
      const first = this.surroundings.getState().settings === null;
      this.surroundings.setState({ about, capabilities });
      if (first) this.face.restore(settings.face);
      this.takeSettings(settings);
    });
  }

  private takeSettings(settings: Settings): void {
    this.surroundings.setState({ settings });
    applyTheme(settings.appearance.theme);
  }

  private followLists(): void {
    follow({
      open: (since, signal) => this.client.runs.watch({ since }, { signal }),
      onFrame: (frame) => this.lists.setState((lists) => applyListFrame(lists, frame), true),
      ready: (signal) => this.connection.ready(signal),
      signal: this.stop.signal,
    }).catch((thrown: unknown) => this.report(thrown));
  }

  /** Every message is the whole state, so a broken line needs no position. */
  private followMachine(): void {
    const { signal } = this.stop;
    const watch = async () => {
      while (!signal.aborted) {
        try {
          await this.connection.ready(signal);
          for await (const state of await this.client.machine.watch(undefined, { signal })) {
            this.machine.setState(state, true);
          }
        } catch (thrown) {
          if (signal.aborted) return;
          if (fromWire(thrown).code !== "unreachable") throw thrown;
        }
        await waitOnClock(200, signal);
      }
    };
    watch().catch((thrown: unknown) => this.report(thrown));
  }
}
