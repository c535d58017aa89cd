/** What the trainer host does: the procedures of `trainerContract`, each a few lines over core/. */
import { implement } from "@orpc/server";
import { FolkmootError } from "../contract/errors.ts";
import { trainerContract } from "../contract/jobs.ts";
import { jobStream } from "./jobStream.ts";
import type { HostContext, HostRouter } from "./serveHost.ts";

export function trainerRouter(): HostRouter {
  const os = implement(trainerContract).$context<HostContext>();
  const router = os.router({
    align: {
      run: os.align.run.handler(({ context, signal }) =>
        jobStream(() => Promise.reject(missing("align.run")), context, signal),
      ),
    },
    export: {
      adapter: os.export.adapter.handler(({ context, signal }) =>
        jobStream(() => Promise.reject(missing("export.adapter")), context, signal),
      ),
      merged: os.export.merged.handler(({ context, signal }) =>
        jobStream(() => Promise.reject(missing("export.merged")), context, signal),
      ),
    },
    gradcheck: os.gradcheck.handler(() => {
      throw missing("gradcheck");
    }),
  });
  return { router, dispose: async () => {} };
}

function missing(procedure: string): FolkmootError {
  return new FolkmootError("internal", {
    message: `${procedure} is not part of this build.`,
    action: "Use a newer build.",
  });
}
