/**
 * The workbench as any face sees it: the window over a MessagePort, a browser over a WebSocket, with the same schemas,
 * streams, cancellation and errors.
 *
 * - A person's input is checked before anything starts; a wrong setting is `bad-setting` with `details.setting`.
 * - Streams carry deltas in frames that count up; a face that comes back passes the last `position` as `since` and
 *   misses nothing. A frame with `reset` replaces everything known.
 * - What deletes or changes answers with an `undo`.
 * - Jobs belong to the service, not to a face: closing a window or a connection stops none.
 */
import type { ContractRouterClient } from "@orpc/contract";
import { alignContract } from "./workbench/align.ts";
import { chatContract } from "./workbench/chat.ts";
import { dataContract } from "./workbench/data.ts";
import { dialoguesContract } from "./workbench/dialogues.ts";
import { evaluationContract } from "./workbench/evaluation.ts";
import { exportsContract } from "./workbench/exports.ts";
import { machineContract } from "./workbench/machine.ts";
import { modelsContract } from "./workbench/models.ts";
import { runsContract } from "./workbench/runs.ts";
import { societyContract } from "./workbench/society.ts";

export const workbenchContract = {
  ...machineContract,
  ...runsContract,
  ...societyContract,
  ...modelsContract,
  ...dialoguesContract,
  ...dataContract,
  ...alignContract,
  ...evaluationContract,
  ...chatContract,
  ...exportsContract,
};
export type WorkbenchContract = typeof workbenchContract;
export type WorkbenchClient = ContractRouterClient<WorkbenchContract>;
