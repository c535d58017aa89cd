/** Opens a workspace as a service: one process has it, any number of faces speak to it. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Capabilities, PickOptions } from "../contract/workbench/machine.ts";
import type { Experiment } from "../experiment/readExperiment.ts";
import { engineHost, type HostOptions, trainerHost } from "../host/supervisor.ts";
import { Annotations, annotationsFileName } from "../workspace/annotations.ts";
import { describeEnvironment } from "../workspace/environment.ts";
import { indexFileName, WorkspaceIndex } from "../workspace/interactions/openIndex.ts";
import { purgeTrash } from "../workspace/trash.ts";
import { WorkspaceFolder } from "../workspace/workspaceFolder.ts";
import { Catalog } from "./catalog.ts";
import { Chat } from "./chat.ts";
import { DataFiles } from "./data.ts";
import { Demo } from "./demo.ts";
import { Device, type HostFactories } from "./device.ts";
import { Dialogues } from "./dialogues.ts";
import { Exports } from "./exports.ts";
import { Gpus } from "./gpus.ts";
import { JobQueue } from "./jobQueue.ts";
import { Library } from "./library.ts";
import { Machine } from "./machine.ts";
import { openReader } from "./reader/openReader.ts";
import { findDemo, resourcesFolder } from "./resources.ts";
import { RowCounts } from "./rowCounts.ts";
import { Runs } from "./runs.ts";
import type { Services } from "./services.ts";
import { UndoList } from "./undo.ts";

/** What the face around the page can do; a browser can do nothing of it. */
export interface Shell {
  readonly capabilities: Capabilities;
  /** Only called when `nativeDialogs`; empty when the person chose nothing. */
  pick(options: PickOptions): Promise<string[]>;
  /** Only called when `reveal`. */
  reveal(path: string): Promise<void>;
}

export interface WorkbenchOptions {
  /** Folder of the workspace; made when missing. */
  readonly workspace: string;
  readonly shell?: Shell;
  /** How the host processes come into being; default: child processes of Node. */
  readonly hosts?: HostFactories | HostOptions;
  /** Milliseconds since 1970; default the system's clock. */
  readonly now?: () => number;
  /** Folder with the demo and the question files; null = none; default: what came along. */
  readonly resources?: string | null;
}

export interface Workbench extends AsyncDisposable {
  readonly services: Services;
  readonly runs: Runs;
  readonly dialogues: Dialogues;
  readonly data: DataFiles;
  readonly chat: Chat;
  readonly exports: Exports;
  readonly demo: Demo;
  readonly machine: Machine;
  readonly shell: Shell;
  readonly experiment: Experiment | null;
  readonly resources: string | null;
  readonly versions: Record<"folkmoot" | "node" | "nodeLlamaCpp", string>;
  /** The last that the host processes wrote to their standard error. */
  log(): string;
  /** Stops all jobs (what is finished is kept), ends the hosts and gives the workspace back. */
  close(): Promise<void>;
}

const noShell: Shell = {
  capabilities: { nativeDialogs: false, reveal: false, notifications: false },
  pick: async () => [],
  reveal: async () => {},
};

const keptLog = 32_000;

/** @throws FolkmootError `workspace-locked`, `workspace-newer`, `data-corrupt` (annotations), the disk's errors. */
export async function openWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const now = options.now ?? Date.now;
  const workspace = await WorkspaceFolder.open(options.workspace);
  const opened: (() => Promise<void>)[] = [() => workspace.close()];
  try {
    await purgeTrash(workspace.trash, now());
    const annotations = await Annotations.open(join(workspace.path, annotationsFileName));
    opened.push(() => annotations.close());
    const index = new WorkspaceIndex(join(workspace.path, indexFileName), annotations);
    opened.push(() => index[Symbol.asyncDispose]());
    const reader = openReader();
    opened.push(() => reader.dispose());
    let log = "";
    const device = new Device(
      hostFactories(options.hosts ?? {}, (text) => {
        log = (log + text).slice(-keptLog);
      }),
    );
    opened.push(() => device[Symbol.asyncDispose]());
    const epoch = randomUUID();
    const jobs = new JobQueue({
      device,
      now,
      onChange: (job) => (catalog.has(job.spec.id) ? catalog.changed(job.spec.id) : catalog.jobChanged(job.summary())),
    });
    const catalog = new Catalog(epoch, workspace, () => jobs, now);
    await catalog.load();
    const library = new Library(workspace, catalog, now);
    const undos = new UndoList(now);
    const gpus = new Gpus(device, now);
    const services: Services = {
      epoch,
      now,
      workspace,
      annotations,
      index,
      reader,
      device,
      gpus,
      rowCounts: new RowCounts(device),
      jobs,
      catalog,
      library,
      undos,
    };
    const runs = new Runs(services);
    await runs.offerTrash();
    // Not waited for: until it is done, lists hold what is read so far and say so.
    void index.synchronize(catalog.indexed()).catch(() => undefined);
    const resources = options.resources === undefined ? resourcesFolder() : options.resources;
    const experiment = await findDemo(resources);
    const data = new DataFiles(services);
    const exports = new Exports(services);
    const { versions } = await describeEnvironment({ run: epoch, files: {}, seed: 0 });
    const close = async () => {
      await jobs.close();
      runs.close();
      catalog.close();
      for (const end of opened.splice(0).reverse()) await end();
    };
    return {
      services,
      runs,
      dialogues: new Dialogues(services),
      data,
      chat: new Chat(device),
      exports,
      demo: new Demo({ services, runs, data, exports, experiment }),
      machine: new Machine(device, gpus, workspace.path),
      shell: options.shell ?? noShell,
      experiment,
      resources,
      versions,
      log: () => log,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    for (const end of opened.reverse()) await end().catch(() => undefined);
    throw error;
  }
}

function hostFactories(hosts: HostFactories | HostOptions, keep: (text: string) => void): HostFactories {
  if ("engine" in hosts) return hosts;
  const onLog = (text: string) => {
    keep(text);
    hosts.onLog?.(text);
  };
  return { engine: () => engineHost({ ...hosts, onLog }), trainer: () => trainerHost({ ...hosts, onLog }) };
}
