/** The contract with the workbench as what every procedure is given. */
import { implement } from "@orpc/server";
import { workbenchContract } from "../../contract/workbench.ts";
import type { Workbench } from "../openWorkbench.ts";

export interface FaceContext {
  readonly workbench: Workbench;
}

/**
 * What goes out was made here and is typed; checking it again, frame by frame, would cost more than making it.
 */
export const os = implement(workbenchContract)
  .$context<FaceContext>()
  .$config({ initialOutputValidationIndex: Number.NaN });
