/** The program with its real workbench, whose client the specs can use from main as well (`globalThis.workbench`). */
import { join } from "node:path";
import { startApplication } from "../../../electron/application.ts";
import { openServiceWorkbench } from "../../../electron/serviceWorkbench.ts";

const extension = import.meta.url.endsWith(".ts") ? "cts" : "cjs";
void startApplication({
  openWorkbench: async (options) => {
    const workbench = await openServiceWorkbench(options);
    Object.assign(globalThis, { workbench });
    return workbench;
  },
  pageFolder: process.env.FIXTURE_PAGE ?? "",
  preload: join(import.meta.dirname, "..", "..", "..", "electron", `preload.${extension}`),
  workspace: process.env.FIXTURE_WORKSPACE ?? "",
});
