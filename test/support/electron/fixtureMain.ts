/**
 * Main with a workbench that the specs hold in their hand (`globalThis.fixture`): it echoes what comes over a port, and
 * its list of jobs is what the spec says. Everything else is the program's own.
 */
import { join } from "node:path";
import { createRouterClient, implement } from "@orpc/server";
import { FolkmootError } from "../../../core/contract/errors.ts";
import type { ListFrame } from "../../../core/contract/workbench/runs.ts";
import { type WorkbenchClient, workbenchContract } from "../../../core/contract/workbench.ts";
import { startApplication } from "../../../electron/application.ts";
import type { DesktopWorkbenchOptions } from "../../../electron/workbench.ts";

export interface Fixture {
  /** Paths that were added to the library. */
  readonly models: string[];
  options: DesktopWorkbenchOptions | null;
  /** True after the workbench was closed in order. */
  closed: boolean;
  say(frame: ListFrame): void;
}

const frames: ListFrame[] = [];
let wake: () => void = () => {};
const fixture: Fixture = {
  models: [],
  options: null,
  closed: false,
  say: (frame: ListFrame) => {
    frames.push(frame);
    wake();
  },
};
Object.assign(globalThis, { fixture });

const os = implement(workbenchContract);
const router = {
  runs: {
    watch: os.runs.watch.handler(async function* ({ signal }) {
      while (!signal?.aborted) {
        for (let frame = frames.shift(); frame !== undefined; frame = frames.shift()) yield frame;
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal?.addEventListener("abort", () => resolve(), { once: true });
        });
      }
    }),
  },
  models: {
    add: os.models.add.handler(({ input }) => {
      if (input.path.includes("missing"))
        throw new FolkmootError("model-not-found", {
          message: `${input.path} is not there.`,
          action: "Choose another.",
        });
      fixture.models.push(input.path);
      return { models: [], adapters: [] };
    }),
  },
  diagnostics: os.diagnostics.handler(() => ({ text: "workbench: fine" })),
};

const extension = import.meta.url.endsWith(".ts") ? "cts" : "cjs";
void startApplication({
  openWorkbench: async (options) => {
    if (options.workspace.endsWith("locked"))
      throw new FolkmootError("workspace-locked", { message: "It is open elsewhere.", action: "Close the other one." });
    fixture.options = options;
    return {
      client: createRouterClient(router) as unknown as WorkbenchClient,
      serve: (port) => {
        port.on("message", ({ data }) => port.postMessage({ echo: data }));
        port.start();
      },
      [Symbol.asyncDispose]: async () => {
        fixture.closed = true;
      },
    };
  },
  pageFolder: process.env.FIXTURE_PAGE ?? "",
  preload:
    process.env.FIXTURE_PRELOAD ?? join(import.meta.dirname, "..", "..", "..", "electron", `preload.${extension}`),
  workspace: process.env.FIXTURE_WORKSPACE ?? process.cwd(),
});
