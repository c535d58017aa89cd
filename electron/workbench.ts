/** What the window needs of the workbench: the contract, over a port for the page and directly for main itself. */
import type { MessagePortMain } from "electron";
import type { PickOptions } from "../core/contract/workbench/machine.ts";
import type { WorkbenchClient } from "../core/contract/workbench.ts";

/** What only a desktop can do; behind `capabilities` of the contract. */
export interface DesktopShell {
  /** The system's own dialog. @returns absolute paths; empty when the person chose nothing */
  pick(options: PickOptions): Promise<string[]>;
  /** Shows a file in the system's file manager. */
  reveal(path: string): Promise<void>;
}

export interface DesktopWorkbench extends AsyncDisposable {
  readonly client: WorkbenchClient;
  /** Leads `port` to whoever answers the contract. */
  serve(port: MessagePortMain): void;
}

export interface DesktopWorkbenchOptions {
  /** Absolute path of the workspace; made when missing. */
  readonly workspace: string;
  readonly shell: DesktopShell;
  /** What the host processes write to their standard error. */
  readonly onLog: (source: string, text: string) => void;
  /** Whoever answered the open lines is gone, and another has taken its place. */
  readonly onRestart: () => void;
}

export type OpenWorkbench = (options: DesktopWorkbenchOptions) => Promise<DesktopWorkbench>;
