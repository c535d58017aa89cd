/**
 * What the forwarding process of `folkmoot serve` costs while 100 agents stream to a browser:
 * `node bench/serveForwarding.ts [--moves 400] [--interactions 10] [--seconds 20] [--pages 1]`.
 * The society is replayed by a process of its own (bench/replay), the pages are processes too; what is measured is
 * this process alone, with all its threads (index and reader included). Prints one JSON object.
 */
import { fork } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { societyConfig } from "../core/contract/society.ts";
import { openWorkbench } from "../core/workbench/openWorkbench.ts";
import { startWebServer } from "../core/workbench/serve/webServer.ts";

const number = { type: "string" } as const;
const { values } = parseArgs({ options: { moves: number, interactions: number, seconds: number, pages: number } });
const pace = {
  moves: Number(values.moves ?? 400),
  interactions: Number(values.interactions ?? 10),
  seconds: Number(values.seconds ?? 20),
};
const pages = Number(values.pages ?? 1);

const folder = await mkdtemp(join(tmpdir(), "folkmoot-bench-"));
const workbench = await openWorkbench({
  workspace: folder,
  hosts: {
    entry: new URL("./replay/engine.ts", import.meta.url),
    env: {
      REPLAY_MOVES: String(pace.moves),
      REPLAY_INTERACTIONS: String(pace.interactions),
      REPLAY_SECONDS: String(pace.seconds),
    },
  },
});
const server = await startWebServer({ workbench, port: 0, page: null });
try {
  await writeFile(join(folder, "questions.txt"), "Why?\n");
  const config = societyConfig.parse({
    grid: { rows: 10, columns: 10 },
    rounds: 10_000,
    questions: { path: join(folder, "questions.txt") },
    populations: [{ model: join(folder, "none.gguf") }],
  });
  const { job } = await workbench.runs.start({ ...config, kind: "society" }, "bench");
  const watching = Array.from({ length: pages }, () => {
    const page = fork(new URL("./replay/page.ts", import.meta.url), [server.url, job.spec.id]);
    return new Promise((resolve) => page.once("message", resolve));
  });
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const [before, started] = [process.cpuUsage(), performance.now()];
  const memory = process.memoryUsage.rss();
  await job.done;
  const cpu = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  const seen = await Promise.all(watching);
  console.log(
    JSON.stringify(
      {
        ...pace,
        pages,
        state: job.state,
        cpuPercentOfOneCore: Math.round(((cpu.user + cpu.system) / 1e4 / seconds) * 10) / 10,
        residentMegabytes: { before: Math.round(memory / 1e6), after: Math.round(process.memoryUsage.rss() / 1e6) },
        page: seen[0],
      },
      null,
      2,
    ),
  );
} finally {
  await server.close();
  await workbench.close();
  await rm(folder, { recursive: true, force: true });
}
