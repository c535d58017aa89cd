/** What the engine host does: the procedures of `engineContract`, each a few lines over core/. */
import { implement } from "@orpc/server";
import { FolkmootError } from "../contract/errors.ts";
import { engineContract } from "../contract/jobs.ts";
import { jobStream } from "./jobStream.ts";
import type { HostContext, HostRouter } from "./serveHost.ts";

export function engineRouter(): HostRouter {
  const os = implement(engineContract).$context<HostContext>();
  const router = os.router({
    models: {
      inspect: os.models.inspect.handler(() => {
        throw missing("models.inspect");
      }),
    },
    society: {
      run: os.society.run.handler(({ context, signal }) =>
        jobStream(() => Promise.reject(missing("society.run")), context, signal),
      ),
    },
    evaluate: {
      run: os.evaluate.run.handler(({ context, signal }) =>
        jobStream(() => Promise.reject(missing("evaluate.run")), context, signal),
      ),
    },
    proof: {
      logps: os.proof.logps.handler(() => {
        throw missing("proof.logps");
      }),
    },
  });
  return { router, dispose: async () => {} };
}

function missing(procedure: string): FolkmootError {
  return new FolkmootError("internal", {
    message: `${procedure} is not part of this build.`,
    action: "Use a newer build.",
  });
}
