/** Entry of the desktop program. */
import { join } from "node:path";
import { app } from "electron";
import { startApplication } from "./application.ts";
import { openServiceWorkbench } from "./serviceWorkbench.ts";

const fromSource = import.meta.url.endsWith(".ts");
const here = import.meta.dirname;

// Not awaited: Electron is ready only once this file has run to its end, and would wait for itself for ever.
void startApplication({
  openWorkbench: openServiceWorkbench,
  pageFolder: fromSource ? join(here, "..", "dist", "renderer") : join(here, "..", "renderer"),
  preload: join(here, fromSource ? "preload.cts" : "preload.cjs"),
  workspace: process.env.FOLKMOOT_WORKSPACE ?? join(app.getPath("home"), "Folkmoot"),
});
