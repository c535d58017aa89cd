/** Societies, models, training, evaluation, chat, exports, the demo. */
import { join } from "node:path";
import { readSamples } from "../../alignment/samples.ts";
import { alignConfig } from "../../contract/alignment.ts";
import { FolkmootError } from "../../contract/errors.ts";
import { evaluationConfig } from "../../contract/evaluation.ts";
import { societyConfig } from "../../contract/society.ts";
import { evaluationSpeakers, type Speaker, societySpeakers } from "../../host/contexts.ts";
import { modelPath } from "../../models/splitModel.ts";
import { type AlignTools, alignDefaults, checkAlign, neededForAlign, previewAlign } from "../alignSetup.ts";
import { checkpointsOf } from "../checkpoints.ts";
import { parseSettings } from "../checkSettings.ts";
import { checkEvaluation, evaluationDefaults, previewEvaluation } from "../evaluationSetup.ts";
import type { Library } from "../library.ts";
import type { Workbench } from "../openWorkbench.ts";
import { demoQuestions } from "../resources.ts";
import { checkSociety, previewWorld, societyDefaults } from "../societySetup.ts";
import { os } from "./implementer.ts";

export const workRouter = {
  society: {
    defaults: os.society.defaults.handler(({ context: { workbench } }) =>
      societyDefaults(workbench.experiment === null ? null : demoQuestions(workbench.experiment)),
    ),
    preview: os.society.preview.handler(({ context, input: { config } }) =>
      previewWorld(config, context.workbench.services.library),
    ),
    start: os.society.start.handler(async ({ context: { workbench }, input }) => {
      const { library } = workbench.services;
      const config = withThreads(parseSettings(societyConfig, input.config), workbench);
      await checkSociety(config, library);
      await checkCeiling(workbench, input.overMemoryCeiling, async () =>
        neededFor(await societySpeakers(config), config, library),
      );
      const { job, run } = await workbench.runs.start({ ...config, kind: "society" }, input.name);
      return { job: job.spec.id, run, config };
    }),
  },
  demo: {
    start: os.demo.start.handler(({ context, input: { size, seed } }) => ({
      job: context.workbench.demo.start(size, seed).spec.id,
    })),
    results: os.demo.results.handler(({ context, input: { job } }) => context.workbench.demo.results(job)),
  },
  models: {
    list: os.models.list.handler(({ context }) => context.workbench.services.library.list()),
    add: os.models.add.handler(async ({ context, input: { path } }) => {
      const { library } = context.workbench.services;
      await library.add(path);
      return library.list();
    }),
    scan: os.models.scan.handler(async ({ context, input: { folder } }) => {
      const { library } = context.workbench.services;
      const found = await library.scan(folder);
      return { ...found, library: await library.list() };
    }),
    inspect: os.models.inspect.handler(({ context, input: { path, ...shape }, signal }) =>
      context.workbench.services.library.inspect(path, shape, signal),
    ),
    estimate: os.models.estimate.handler(({ context, input: { path, ...shape } }) =>
      context.workbench.services.library.estimate(path, shape),
    ),
    remove: os.models.remove.handler(async ({ context, input: { path } }) => {
      const { library, undos } = context.workbench.services;
      const entry = await library.remove(path);
      return undos.add(`${path} was taken off the list.`, () => library.putBack(entry));
    }),
  },
  align: {
    defaults: os.align.defaults.handler(({ context, input }) => alignDefaults(input, alignTools(context.workbench))),
    preview: os.align.preview.handler(({ context, input: { config } }) =>
      previewAlign(config, alignTools(context.workbench)),
    ),
    start: os.align.start.handler(async ({ context: { workbench }, input }) => {
      const config = withThreads(parseSettings(alignConfig, input.config), workbench);
      await checkAlign(config, alignTools(workbench));
      await checkCeiling(workbench, input.overMemoryCeiling, () => neededForAlign(config, alignTools(workbench)));
      const { job, run } = await workbench.runs.start({ ...config, kind: "align" }, input.name);
      return { job: job.spec.id, run, config };
    }),
    metrics: os.align.metrics.handler(async ({ context: { workbench }, input: { run, ...request } }) => {
      const { reader, catalog } = workbench.services;
      const { directory } = catalog.get(run);
      const [curves, evaluations] = await Promise.all([
        reader.client.metrics({ directory, ...request }),
        reader.client.evaluationCurve({ directory }),
      ]);
      return { run, ...curves, evaluations };
    }),
    samples: os.align.samples.handler(({ context, input: { run } }) =>
      readSamples(context.workbench.services.catalog.get(run).directory),
    ),
    checkpoints: os.align.checkpoints.handler(({ context, input: { run } }) =>
      checkpointsOf(context.workbench.services.catalog.get(run).directory),
    ),
  },
  evaluation: {
    defaults: os.evaluation.defaults.handler(() => evaluationDefaults()),
    questions: os.evaluation.questions.handler(({ context, input: { path } }) =>
      context.workbench.services.reader.client.questions({ path }),
    ),
    preview: os.evaluation.preview.handler(({ context: { workbench }, input: { config } }) => {
      const { library, reader } = workbench.services;
      return previewEvaluation(config, { library, reader: reader.client });
    }),
    suites: os.evaluation.suites.handler(async ({ context: { workbench } }) => {
      if (workbench.resources === null) return [];
      const path = join(workbench.resources, "demo", "heldout.jsonl");
      const file = await workbench.services.reader.client.questions({ path }).catch(() => null);
      return file === null ? [] : [{ ...file, name: "Village, held out" }];
    }),
    start: os.evaluation.start.handler(async ({ context: { workbench }, input }) => {
      const { library, reader } = workbench.services;
      const config = withThreads(parseSettings(evaluationConfig, input.config), workbench);
      await checkEvaluation(config, { library, reader: reader.client });
      await checkCeiling(workbench, input.overMemoryCeiling, async () => {
        const { base, aligned, judge } = await evaluationSpeakers(config);
        return neededFor([base, aligned, ...(judge === null ? [] : [judge])], config, library);
      });
      const { job, run } = await workbench.runs.start({ ...config, kind: "evaluation" }, input.name);
      return { job: job.spec.id, run, config };
    }),
    summary: os.evaluation.summary.handler(({ context, input: { run } }) =>
      context.workbench.services.reader.client.summary(evaluationOf(context.workbench, run)),
    ),
    results: os.evaluation.results.handler(({ context, input: { run, ...query } }) => {
      const { directory } = evaluationOf(context.workbench, run);
      return context.workbench.services.reader.client.results({ directory, query });
    }),
    report: os.evaluation.report.handler(({ context, input: { run, path, format } }) => {
      const { services } = context.workbench;
      const { name } = services.catalog.summary(services.catalog.get(run));
      return services.reader.client.report({ ...evaluationOf(context.workbench, run), name, path, format });
    }),
  },
  chat: {
    open: os.chat.open.handler(({ context, input, signal }) => {
      const { threads } = context.workbench.services.workspace.content.settings;
      return context.workbench.chat.start(input, threads, signal);
    }),
    send: os.chat.send.handler(async function* ({ context, input: { session, ...utterance }, signal }) {
      yield* await context.workbench.chat.say(session, utterance, signal);
    }),
    stop: os.chat.stop.handler(async ({ context, input: { session } }) => {
      await context.workbench.chat.stop(session);
      return {};
    }),
    close: os.chat.close.handler(async ({ context, input: { session } }) => {
      await context.workbench.chat.close(session);
      return {};
    }),
    current: os.chat.current.handler(({ context }) => context.workbench.chat.current),
  },
  exports: {
    list: os.exports.list.handler(({ context }) => context.workbench.exports.list()),
    start: os.exports.start.handler(async ({ context, input }) => {
      const { job, path } = await context.workbench.exports.start(input);
      return { job: job.spec.id, path };
    }),
    remove: os.exports.remove.handler(({ context, input: { path } }) => context.workbench.exports.remove(path)),
  },
};

function alignTools({ services: { library, reader, gpus, rowCounts, workspace } }: Workbench): AlignTools {
  return { library, reader: reader.client, gpus, rowCounts, cache: workspace.cache };
}

/** Bytes: every model once, in the largest of its contexts. */
async function neededFor(
  speakers: readonly Speaker[],
  { sequences }: { readonly sequences: number },
  library: Library,
): Promise<number> {
  const largest = new Map<string, number>();
  for (const { model, contextSize } of speakers) {
    const path = modelPath(model);
    largest.set(path, Math.max(contextSize, largest.get(path) ?? 0));
  }
  const estimates = [...largest].map(([path, contextSize]) => library.estimate(path, { sequences, contextSize }));
  return (await Promise.all(estimates)).reduce((sum, { fit }) => sum + fit.needed, 0);
}

/** Jobs that leave it open compute with as many threads as the settings say. */
function withThreads<Config extends { readonly threads: number }>(config: Config, { services }: Workbench): Config {
  return config.threads === 0 ? { ...config, threads: services.workspace.content.settings.threads } : config;
}

/** @throws FolkmootError `out-of-memory` when the estimate is above what the settings allow. */
async function checkCeiling(
  { services }: Workbench,
  overCeiling: boolean,
  estimate: () => Promise<number>,
): Promise<void> {
  const { memoryCeiling } = services.workspace.content.settings;
  if (memoryCeiling === null || overCeiling) return;
  const needed = await estimate();
  if (needed <= memoryCeiling) return;
  const gigabytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  throw new FolkmootError("out-of-memory", {
    message: `This needs about ${gigabytes(needed)} GiB; the ceiling in the settings is ${gigabytes(memoryCeiling)} GiB.`,
    action: "Choose a smaller model or fewer sequences, raise the ceiling, or start it nevertheless.",
    details: { setting: "memoryCeiling", needed, memoryCeiling },
  });
}

function evaluationOf({ services }: Workbench, run: string) {
  const { directory, config } = services.catalog.get(run);
  if (config.kind === "evaluation") return { directory, config };
  throw new FolkmootError("run-mismatch", {
    message: `${run} is no evaluation.`,
    action: "Choose an evaluation.",
    details: { run },
  });
}
