/**
 * What main and the process of the workbench service say to each other. Only starts, ends and dialogs: what the page and
 * the hosts say goes through ports of its own, past main.
 */
import type { SerializedError } from "../../core/contract/errors.ts";
import type { PickOptions } from "../../core/contract/workbench/machine.ts";
import type { HostKind } from "../../core/host/crash.ts";
import type { HostEnd } from "../../core/host/spawnHost.ts";

export type ToService =
  | { readonly type: "open"; readonly workspace: string }
  /** With a port: somebody wants to speak the contract. */
  | { readonly type: "line" }
  /** With a port that leads to the host. */
  | { readonly type: "host-spawned"; readonly id: number; readonly pid: number | undefined }
  | { readonly type: "host-stderr"; readonly id: number; readonly text: string }
  | { readonly type: "host-ended"; readonly id: number; readonly end: HostEnd }
  /** Answer to `pick` or `reveal`. */
  | { readonly type: "answer"; readonly id: number; readonly paths: string[]; readonly error: SerializedError | null }
  /** Stop what runs, give the workspace back, end. */
  | { readonly type: "close" };

export type FromService =
  | { readonly type: "opened" }
  | { readonly type: "failed"; readonly error: SerializedError }
  | {
      readonly type: "host-spawn";
      readonly id: number;
      readonly kind: HostKind;
      /** `file:` URL. */
      readonly entry: string;
      readonly env: Readonly<Record<string, string | undefined>>;
    }
  | { readonly type: "host-kill"; readonly id: number }
  | { readonly type: "pick"; readonly id: number; readonly options: PickOptions }
  | { readonly type: "reveal"; readonly id: number; readonly path: string };
