/** What the trainer host answers: the procedures of `trainerContract`. */
import { resolve } from "node:path";
import { implement } from "@orpc/server";
import { AlignmentControls } from "../alignment/controls.ts";
import { FolkmootError } from "../contract/errors.ts";
import { trainerContract } from "../contract/jobs.ts";
import { jobStream } from "./jobStream.ts";
import type { HostContext, HostRouter } from "./serveHost.ts";
import { alignJob, exportAdapterJob, exportMergedJob, gradcheckJob } from "./trainerJobs.ts";

export function trainerRouter(): HostRouter {
  const os = implement(trainerContract).$context<HostContext>();
  const trainings = new Map<string, AlignmentControls>();
  const router = os.router({
    align: {
      run: os.align.run.handler(({ input, context, signal }) =>
        jobStream(
          async (emit, stop) => {
            const directory = resolve(input.directory);
            const controls = new AlignmentControls();
            trainings.set(directory, controls);
            try {
              return await alignJob(input, controls, emit, stop);
            } finally {
              if (trainings.get(directory) === controls) trainings.delete(directory);
            }
          },
          context,
          signal,
        ),
      ),
      control: os.align.control.handler(({ input: { directory, action } }) => {
        const controls = trainings.get(resolve(directory));
        if (controls === undefined) throw notTraining(directory);
        controls[action]();
        return { state: controls.state };
      }),
    },
    export: {
      adapter: os.export.adapter.handler(({ input, context, signal }) =>
        jobStream((emit, stop) => exportAdapterJob(input, emit, stop), context, signal),
      ),
      merged: os.export.merged.handler(({ input, context, signal }) =>
        jobStream((emit, stop) => exportMergedJob(input, emit, stop), context, signal),
      ),
    },
    settled: os.settled.handler(async ({ context }) => {
      await context.settled();
      return {};
    }),
    gradcheck: os.gradcheck.handler(({ input, context }) => {
      const checking = gradcheckJob(input);
      context.track(checking);
      return checking;
    }),
  });
  return { router };
}

function notTraining(directory: string): FolkmootError {
  return new FolkmootError("run-not-found", {
    message: `Nothing trains in ${directory}.`,
    reason: "The training has ended, or has not begun.",
    action: "Start or resume the run first.",
    details: { directory },
  });
}
