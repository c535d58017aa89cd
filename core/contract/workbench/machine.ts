/** The machine, what this face can do, settings, files, diagnostics. */
import { eventIterator } from "@orpc/contract";
import { z } from "zod";
import { computeThreads, gpuFacts } from "../device.ts";
import { procedure, undoable } from "./common.ts";

/** Who holds the device. Inference and training never run at the same time. */
export const lease = z.object({
  holder: z.enum(["free", "inference", "training"]),
  /** Job that works under it, null when only a chat or an idle model does. */
  job: z.string().nullable(),
});
export type Lease = z.infer<typeof lease>;

export const hostState = z.object({
  kind: z.enum(["engine", "trainer"]),
  pid: z.number().int(),
  /** Resident bytes; null where the system does not say. */
  memory: z.number().nullable(),
});

export const machineState = z.object({
  /** The processor, e.g. `AMD Ryzen 9 7950X`. */
  device: z.string(),
  /** Graphics cards that models can compute on; null until something asked for them. */
  gpus: z.array(gpuFacts).nullable(),
  /** Cores that the program may use. */
  cores: z.number().int(),
  memory: z.object({ total: z.number(), free: z.number() }),
  /** Share of all cores that was busy over the last second, 0-1; null before the second sample. */
  load: z.number().nullable(),
  /** Bytes free on the workspace's disk; null where the system does not say. */
  diskFree: z.number().nullable(),
  /** Running host processes. */
  hosts: z.array(hostState),
  lease,
});
export type MachineState = z.infer<typeof machineState>;

export const about = z.object({
  versions: z.object({ folkmoot: z.string(), node: z.string(), nodeLlamaCpp: z.string() }),
  platform: z.string(),
  architecture: z.string(),
  /** Always true: nothing here speaks to the network. */
  offline: z.literal(true),
  /** Absolute path of the workspace. */
  workspace: z.string(),
  /** The demo experiment that came along; null when this copy has none. */
  demo: z.object({ name: z.string(), sizes: z.array(z.string()), model: z.string() }).nullable(),
});

/** What the face around the page can do beyond a page; ask before showing a control. */
export const capabilities = z.object({
  /** `shell.pick` opens the system's own dialog; without it, let people choose through `files.list`. */
  nativeDialogs: z.boolean(),
  /** `shell.reveal` shows a file in the system's file manager. */
  reveal: z.boolean(),
  /** The face itself shows notifications and progress in the taskbar when jobs end. */
  notifications: z.boolean(),
});
export type Capabilities = z.infer<typeof capabilities>;

export const settings = z.object({
  appearance: z.object({ theme: z.enum(["system", "dark", "light"]).default("system") }).prefault({}),
  /** Compute threads for jobs that leave `threads` at 0; 0 = as many as there are cores. */
  threads: computeThreads.default(0),
  /** Jobs whose estimate needs more bytes are refused unless told otherwise; null = no ceiling. */
  memoryCeiling: z.number().int().positive().nullable().default(null),
  /** Folders in which file choosers start, by what is chosen. */
  folders: z.record(z.string().max(40), z.string()).default({}),
  /** Whatever a face wants to find again: filters, selection, panel sizes. At most 256 KB as JSON. */
  face: z.record(z.string().max(80), z.unknown()).default({}),
});
export type Settings = z.infer<typeof settings>;

/** Given keys replace, `face` and `folders` merge by key (null removes a key), the rest stays. */
export const settingsChange = z.object({
  appearance: z.object({ theme: z.enum(["system", "dark", "light"]) }).optional(),
  threads: computeThreads.optional(),
  memoryCeiling: z.number().int().positive().nullable().optional(),
  folders: z.record(z.string().max(40), z.string().nullable()).optional(),
  face: z.record(z.string().max(80), z.unknown()).optional(),
});

export const fileEntry = z.object({
  name: z.string(),
  path: z.string(),
  kind: z.enum(["folder", "file"]),
  /** Null for folders. */
  bytes: z.number().nullable(),
  modified: z.number(),
});

export const folderListing = z.object({
  path: z.string(),
  /** Null at the root. */
  parent: z.string().nullable(),
  /** Folders first, then by name; hidden ones and what cannot be read are left out. At most 2000. */
  entries: z.array(fileEntry),
  /** Entries beyond the first 2000. */
  more: z.number().int(),
  /** Places to jump to: home, workspace, drives. */
  places: z.array(z.object({ name: z.string(), path: z.string() })),
});

export const pickOptions = z.object({
  title: z.string(),
  kind: z.enum(["file", "files", "folder", "save"]),
  /** File name endings without dot; empty = any. */
  endings: z.array(z.string()).default([]),
  start: z.string().nullable().default(null),
});
export type PickOptions = z.infer<typeof pickOptions>;

export const machineContract = {
  about: procedure.output(about),
  capabilities: procedure.output(capabilities),
  machine: {
    get: procedure.output(machineState),
    /** The state now, then once a second. */
    watch: procedure.output(eventIterator(machineState)),
  },
  settings: {
    get: procedure.output(settings),
    /** Answers the settings after the change. */
    set: procedure.input(settingsChange).output(settings),
  },
  files: {
    /** `path` null = where the chooser starts: the home folder. */
    list: procedure
      .input(
        z.object({ path: z.string().nullable().default(null), endings: z.array(z.string()).default([]) }).prefault({}),
      )
      .output(folderListing),
  },
  shell: {
    /** Only with `capabilities.nativeDialogs`; empty when the person chose nothing. */
    pick: procedure.input(pickOptions).output(z.object({ paths: z.array(z.string()) })),
    /** Only with `capabilities.reveal`. */
    reveal: procedure.input(z.object({ path: z.string() })).output(z.object({})),
  },
  /** Versions, device, settings, last errors and the hosts' last words; no model text, no token, home folder as `~`. */
  diagnostics: procedure.output(z.object({ text: z.string() })),
  undo: {
    /** Takes back what answered with this `undo`; `run-not-found` when it is too late (see `expires`). */
    apply: procedure.input(z.object({ undo: z.string() })).output(z.object({ message: z.string() })),
    /** What can still be taken back, newest first. */
    list: procedure.output(z.array(undoable.extend({ at: z.number(), expires: z.number().nullable() }))),
  },
};
