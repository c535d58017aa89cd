/** What the engine host answers: the procedures of `engineContract`. */
import { resolve } from "node:path";
import { implement } from "@orpc/server";
import { FolkmootError } from "../contract/errors.ts";
import { engineContract } from "../contract/jobs.ts";
import { inspectModel } from "../models/inspect.ts";
import { SocietyControls } from "../society/controls.ts";
import { evaluationJob, logpsJob, societyJob } from "./engineJobs.ts";
import { jobStream } from "./jobStream.ts";
import type { HostContext, HostRouter } from "./serveHost.ts";

export function engineRouter(): HostRouter {
  const os = implement(engineContract).$context<HostContext>();
  const societies = new Map<string, SocietyControls>();
  const router = os.router({
    models: {
      inspect: os.models.inspect.handler(({ input: { path, ...options }, signal }) =>
        inspectModel(path, { ...options, ...(signal === undefined ? {} : { signal }) }),
      ),
    },
    society: {
      run: os.society.run.handler(({ input, context, signal }) =>
        jobStream(
          async (emit, stop) => {
            const [controls, directory] = [new SocietyControls(), resolve(input.directory)];
            societies.set(directory, controls);
            try {
              return await societyJob(input, controls, emit, stop);
            } finally {
              if (societies.get(directory) === controls) societies.delete(directory);
            }
          },
          context,
          signal,
        ),
      ),
      control: os.society.control.handler(({ input: { directory, action } }) => {
        const controls = societies.get(resolve(directory));
        if (controls === undefined) throw notRunning(directory);
        controls[action]();
        return { state: controls.state };
      }),
    },
    evaluate: {
      run: os.evaluate.run.handler(({ input, context, signal }) =>
        jobStream((emit, stop) => evaluationJob(input, emit, stop), context, signal),
      ),
    },
    proof: {
      logps: os.proof.logps.handler(({ input, context, signal }) => {
        const scoring = logpsJob(input, signal);
        context.track(scoring);
        return scoring;
      }),
    },
  });
  return { router };
}

function notRunning(directory: string): FolkmootError {
  return new FolkmootError("run-not-found", {
    message: `No society is running in ${directory}.`,
    action: "Start or resume the run first.",
    details: { directory },
  });
}
