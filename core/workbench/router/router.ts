/** Everything that a face may ask, over any transport. */
import type { MessagePortMainLike } from "@orpc/client/message-port";
import { createRouterClient } from "@orpc/server";
import { RPCHandler as PortHandler } from "@orpc/server/message-port";
import type { WorkbenchClient } from "../../contract/workbench.ts";
import { toWireError } from "../../host/errors.ts";
import type { Workbench } from "../openWorkbench.ts";
import { contentRouter } from "./content.ts";
import { type FaceContext, os } from "./implementer.ts";
import { systemRouter } from "./system.ts";
import { workRouter } from "./work.ts";

export const workbenchRouter = os.router({ ...systemRouter, ...workRouter, ...contentRouter });

/** For oRPC's handlers: an error that is no ORPCError would lose everything but "Internal server error" on the way. */
export const errorInterceptors = [
  ({ next }: { next: () => Promise<unknown> }) => next().catch((error: unknown) => Promise.reject(toWireError(error))),
] as never[];

/** The contract without a wire, for whoever lives in the same process (Electron's main, tests). */
export function workbenchClient(workbench: Workbench): WorkbenchClient {
  return createRouterClient(workbenchRouter, { context: { workbench } }) as unknown as WorkbenchClient;
}

/** Serves one window over its end of a message channel (Electron's `MessagePortMain`). Ends with the port. */
export function servePort(workbench: Workbench, port: MessagePortMainLike): void {
  const handler = new PortHandler<FaceContext>(workbenchRouter, { clientInterceptors: errorInterceptors });
  handler.upgrade(port, { context: { workbench } });
}
