/** The workbench that the windows of a story are opened on, watched for what it connects to. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { WorkbenchClient } from "../../../core/contract/workbench.ts";
import { type ServeProcess, serveProcess } from "../../../scripts/window/serveProcess.ts";
import { openLine } from "../../support/workbenchFaces.ts";
import { guardVariable } from "./loopbackGuard.ts";

export interface Serving extends ServeProcess {
  readonly workspace: string;
  /** Asks the workbench over a line of its own, as a second face would. */
  ask<Answer>(question: (client: WorkbenchClient) => Promise<Answer>): Promise<Answer>;
  /** What it or one of its host processes wanted to connect to outside this machine. */
  connections(): string[];
}

/** @param folder the workspace and the guard's file go below it */
export async function startServing(folder: string): Promise<Serving> {
  const [workspace, guarded] = [join(folder, "workspace"), join(folder, "connections.txt")];
  const guard = pathToFileURL(join(import.meta.dirname, "loopbackGuard.ts")).href;
  const serve = await serveProcess(workspace, { NODE_OPTIONS: `--import=${guard}`, [guardVariable]: guarded });
  return {
    ...serve,
    workspace,
    ask: async (question) => {
      using line = await openLine(serve.url);
      return await question(line.client);
    },
    connections: () => (existsSync(guarded) ? readFileSync(guarded, "utf8").trim().split("\n") : []),
  };
}
