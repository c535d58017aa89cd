/** A run as it stands on the disk, in the form that the live stream starts from. */
import { join } from "node:path";
import type { RunSnapshot } from "../contract/workbench/runs.ts";
import { buildWorld } from "../society/world.ts";
import type { WorkspaceIndex } from "../workspace/interactions/openIndex.ts";
import type { CatalogEntry } from "./catalog.ts";
import { checkpointSteps } from "./jobWork.ts";
import { emptySnapshot } from "./liveRun.ts";
import type { ReaderClient } from "./reader/openReader.ts";
import { lastLine } from "./runFolders.ts";

const recentInteractions = 200;

export interface SnapshotSources {
  readonly index: WorkspaceIndex;
  readonly reader: ReaderClient;
}

/** What is on the disk alone; who calls adds state, error and progress. */
export async function snapshotOnDisk(entry: CatalogEntry, { index, reader }: SnapshotSources): Promise<RunSnapshot> {
  const { config, run, directory, created, result } = entry;
  const start = { ...emptySnapshot, result };
  switch (config.kind) {
    case "society": {
      const agents = buildWorld(config);
      await index.catchUp({ key: run, directory, created });
      const overview = await index.ask.overview({ run, agents: agents.length, recent: recentInteractions });
      const last = new Map(overview.last.map((brief) => [brief.agent, brief]));
      const { rounds, recent, interactions, ratings } = overview;
      return {
        ...start,
        society: {
          agents: agents.map(({ id, row, column, label }) => ({
            agent: { id, row, column, label },
            move: "idle",
            peers: [],
            last: last.get(id) ?? null,
          })),
          rounds,
          recent,
          interactions,
          ratings,
        },
      };
    }
    case "align": {
      const step = ((await lastLine(join(directory, "metrics.jsonl"))) as { step?: number } | undefined)?.step ?? 0;
      const evaluations = await reader.evaluationCurve({ directory });
      return { ...start, align: { step, evaluations, checkpoints: await checkpointSteps(directory) } };
    }
    case "evaluation":
      return start;
  }
}
