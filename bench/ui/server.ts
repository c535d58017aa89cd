/**
 * The serving process of the bench, in a process of its own so that it can be measured: the workbench on the folder
 * that it is given, with an engine that replays a society (bench/replay). Says `{ url }`; answers `cpu` with the CPU
 * time of the process with all its threads, and `start` with the job of a society of 100 agents.
 */
import { join } from "node:path";
import { societyConfig } from "../../core/contract/society.ts";
import { openWorkbench } from "../../core/workbench/openWorkbench.ts";
import { startWebServer } from "../../core/workbench/serve/webServer.ts";
import { streamingRun } from "./workspace.ts";

const [folder = ""] = process.argv.slice(2);
const workbench = await openWorkbench({
  workspace: folder,
  hosts: { entry: new URL("../replay/engine.ts", import.meta.url) },
});
const page = join(import.meta.dirname, "..", "..", "dist", "renderer");
const server = await startWebServer({ workbench, port: 0, page });

async function startSociety(): Promise<string> {
  const config = societyConfig.parse({
    grid: { rows: 10, columns: 10 },
    rounds: 10_000,
    questions: { path: join(folder, "questions.txt") },
    populations: [{ model: join(folder, "model.gguf") }],
  });
  const { job } = await workbench.runs.start({ ...config, kind: "society" }, streamingRun);
  return job.spec.id;
}

process.on("message", (asked) => {
  if (asked === "cpu") {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpu: (user + system) / 1e6 });
  }
  if (asked === "start") void startSociety().then((started) => process.send?.({ started }));
  if (asked === "end")
    void server
      .close()
      .then(() => workbench.close())
      .then(() => process.exit());
});
process.send?.({ url: server.url });
