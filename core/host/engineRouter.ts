/** What the engine host answers: the procedures of `engineContract`. */
import { resolve } from "node:path";
import { implement } from "@orpc/server";
import { FolkmootError } from "../contract/errors.ts";
import { engineContract } from "../contract/jobs.ts";
import { inspectModel } from "../models/inspect.ts";
import { findGpus } from "../models/llama/gpus.ts";
import { SocietyControls } from "../society/controls.ts";
import { evaluationJob, logpsJob, type SocietyHandles, societyJob } from "./engineJobs.ts";
import { jobStream } from "./jobStream.ts";
import { MoveFeed } from "./moveFeed.ts";
import type { HostContext, HostRouter } from "./serveHost.ts";
import { Talks } from "./talks.ts";
import { Vocabularies } from "./vocabularies.ts";

export function engineRouter(): HostRouter {
  const os = implement(engineContract).$context<HostContext>();
  const societies = new Map<string, SocietyHandles>();
  const talks = new Talks();
  const vocabularies = new Vocabularies();
  const society = (directory: string): SocietyHandles => {
    const handles = societies.get(resolve(directory));
    if (handles === undefined) throw notRunning(directory);
    return handles;
  };
  const router = os.router({
    models: {
      inspect: os.models.inspect.handler(({ input: { path, ...options }, signal }) =>
        inspectModel(path, { ...options, ...(signal === undefined ? {} : { signal }) }),
      ),
      countTokens: os.models.countTokens.handler(({ input: { model, rows } }) => vocabularies.count(model, rows)),
      rowSizes: os.models.rowSizes.handler(({ input, signal }) => vocabularies.rowSizes(input, signal)),
    },
    society: {
      run: os.society.run.handler(({ input, context, signal }) =>
        jobStream(
          async (emit, stop) => {
            const directory = resolve(input.directory);
            const handles = { controls: new SocietyControls(), moves: new MoveFeed() };
            societies.set(directory, handles);
            try {
              return await societyJob(input, handles, emit, stop);
            } finally {
              if (societies.get(directory) === handles) societies.delete(directory);
              handles.moves.end();
            }
          },
          context,
          signal,
        ),
      ),
      control: os.society.control.handler(({ input: { directory, action } }) => {
        const { controls } = society(directory);
        controls[action]();
        return { state: controls.state };
      }),
      moves: os.society.moves.handler(({ input: { directory }, signal }) => society(directory).moves.watch(signal)),
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
    talk: {
      open: os.talk.open.handler(({ input, signal }) => talks.open(input, signal)),
      say: os.talk.say.handler(({ input: { talk, ...utterance }, signal }) => talks.say(talk, utterance, signal)),
      stop: os.talk.stop.handler(({ input: { talk } }) => {
        talks.stop(talk);
        return {};
      }),
      close: os.talk.close.handler(async ({ input: { talk } }) => {
        await talks.close(talk);
        return {};
      }),
    },
    settled: os.settled.handler(async ({ context }) => {
      await context.settled();
      return {};
    }),
    gpus: os.gpus.handler(() => findGpus()),
    memory: os.memory.handler(() => ({ resident: process.memoryUsage.rss() })),
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
