/** What the trainer host answers: the procedures of `trainerContract`. */
import { implement } from "@orpc/server";
import { trainerContract } from "../contract/jobs.ts";
import { jobStream } from "./jobStream.ts";
import type { HostContext, HostRouter } from "./serveHost.ts";
import { alignJob, exportAdapterJob, exportMergedJob, gradcheckJob } from "./trainerJobs.ts";

export function trainerRouter(): HostRouter {
  const os = implement(trainerContract).$context<HostContext>();
  const router = os.router({
    align: {
      run: os.align.run.handler(({ input, context, signal }) =>
        jobStream((emit, stop) => alignJob(input, emit, stop), context, signal),
      ),
    },
    export: {
      adapter: os.export.adapter.handler(({ input, context, signal }) =>
        jobStream((emit, stop) => exportAdapterJob(input, emit, stop), context, signal),
      ),
      merged: os.export.merged.handler(({ input, context, signal }) =>
        jobStream((emit, stop) => exportMergedJob(input, emit, stop), context, signal),
      ),
    },
    gradcheck: os.gradcheck.handler(({ input, context }) => {
      const checking = gradcheckJob(input);
      context.track(checking);
      return checking;
    }),
  });
  return { router };
}
