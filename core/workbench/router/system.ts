/** Machine, settings, files, undo, runs and jobs. */
import { arch, platform, release } from "node:os";
import { FolkmootError } from "../../contract/errors.ts";
import { settings as settingsSchema } from "../../contract/workbench/machine.ts";
import { diagnosticsText } from "../diagnostics.ts";
import { listFolder } from "../folders.ts";
import { os } from "./implementer.ts";

/** Largest `face` of the settings, bytes of JSON. */
const mostFaceBytes = 256 * 1024;

export const systemRouter = {
  about: os.about.handler(({ context: { workbench } }) => {
    const { versions, services, experiment } = workbench;
    const sizes = experiment === null ? [] : Object.keys(experiment.file.sizes);
    return {
      versions,
      platform: `${platform()} ${release()}`,
      architecture: arch(),
      offline: true as const,
      workspace: services.workspace.path,
      demo: experiment === null ? null : { name: experiment.file.name, sizes, model: experiment.model },
    };
  }),
  capabilities: os.capabilities.handler(({ context }) => context.workbench.shell.capabilities),
  machine: {
    get: os.machine.get.handler(({ context }) => context.workbench.machine.get()),
    watch: os.machine.watch.handler(({ context, signal }) => context.workbench.machine.watch(signal)),
  },
  settings: {
    get: os.settings.get.handler(({ context }) => context.workbench.services.workspace.content.settings),
    set: os.settings.set.handler(async ({ context, input }) => {
      const { workspace } = context.workbench.services;
      const before = workspace.content.settings;
      const { appearance, threads, memoryCeiling, folders, face } = input;
      const next = settingsSchema.parse({
        appearance: appearance ?? before.appearance,
        threads: threads ?? before.threads,
        memoryCeiling: memoryCeiling === undefined ? before.memoryCeiling : memoryCeiling,
        folders: merged(before.folders, folders ?? {}),
        face: merged(before.face, face ?? {}),
      });
      if (Buffer.byteLength(JSON.stringify(next.face)) > mostFaceBytes)
        throw new FolkmootError("bad-setting", {
          message: "What the window wants to remember is too large.",
          action: "Close some views.",
          details: { setting: "face" },
        });
      await workspace.update((content) => {
        content.settings = next;
      });
      return next;
    }),
  },
  files: {
    list: os.files.list.handler(({ context, input: { path, endings } }) =>
      listFolder(path, endings, context.workbench.services.workspace.path),
    ),
  },
  shell: {
    pick: os.shell.pick.handler(async ({ context, input }) => {
      const { shell } = context.workbench;
      if (!shell.capabilities.nativeDialogs) throw notHere("nativeDialogs");
      return { paths: await shell.pick(input) };
    }),
    reveal: os.shell.reveal.handler(async ({ context, input: { path } }) => {
      const { shell } = context.workbench;
      if (!shell.capabilities.reveal) throw notHere("reveal");
      await shell.reveal(path);
      return {};
    }),
  },
  diagnostics: os.diagnostics.handler(async ({ context: { workbench } }) => ({
    text: diagnosticsText({
      versions: workbench.versions,
      platform: `${platform()} ${release()} ${arch()}`,
      machine: await workbench.machine.get(),
      settings: workbench.services.workspace.content.settings,
      jobs: workbench.services.jobs.all(),
      log: workbench.log(),
    }),
  })),
  undo: {
    apply: os.undo.apply.handler(({ context, input: { undo } }) => context.workbench.services.undos.apply(undo)),
    list: os.undo.list.handler(({ context }) => context.workbench.services.undos.list()),
  },
  runs: {
    list: os.runs.list.handler(({ context }) => context.workbench.services.catalog.summaries()),
    watch: os.runs.watch.handler(({ context, input: { since }, signal }) =>
      context.workbench.services.catalog.watch(since, signal),
    ),
    get: os.runs.get.handler(({ context, input: { run } }) => context.workbench.runs.details(run)),
    rename: os.runs.rename.handler(async ({ context, input: { run, name } }) => {
      await context.workbench.runs.rename(run, name);
      const { catalog } = context.workbench.services;
      return catalog.summary(catalog.get(run));
    }),
    remove: os.runs.remove.handler(({ context, input: { run } }) => context.workbench.runs.remove(run)),
  },
  jobs: {
    list: os.jobs.list.handler(({ context }) => context.workbench.services.jobs.all().map((job) => job.summary())),
    control: os.jobs.control.handler(async ({ context, input: { job, action } }) => {
      await context.workbench.services.jobs.control(job, action);
      return {};
    }),
    resume: os.jobs.resume.handler(async ({ context, input: { run } }) => ({
      job: (await context.workbench.runs.resume(run)).spec.id,
    })),
    watch: os.jobs.watch.handler(({ context, input: { job, since }, signal }) =>
      context.workbench.runs.watch(job, since, signal),
    ),
  },
};

/** Null removes a key. */
function merged<T>(
  before: Readonly<Record<string, T>>,
  changes: Readonly<Record<string, T | null>>,
): Record<string, T> {
  const entries = Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null);
  return Object.fromEntries(entries) as Record<string, T>;
}

function notHere(capability: string): FolkmootError {
  return new FolkmootError("bad-input", {
    message: "This face cannot do that.",
    reason: `It lacks the capability ${capability}.`,
    action: "Choose the file in the list of folders.",
  });
}
