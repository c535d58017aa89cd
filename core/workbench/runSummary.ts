/** A run as a row of the list. Pure. */
import { planSteps } from "../alignment/plan.ts";
import type { AlignConfig, MetricsLine } from "../contract/alignment.ts";
import type { RunSummary } from "../contract/workbench/runs.ts";
import type { AnyRunConfig } from "./runFolders.ts";

export function modelOf(config: AnyRunConfig): string {
  return config.kind === "society" ? (config.populations[0]?.model ?? "") : config.model;
}

/** Short facts for a table row. */
export function headlineOf(config: AnyRunConfig): string {
  switch (config.kind) {
    case "society": {
      const { grid, world, rounds, peers } = config;
      const good =
        world.setting === "custom" ? `${Math.round(world.goodShare * 100)} % good` : worldNames[world.setting];
      const critics = peers === 0 || grid.rows * grid.columns === 1 ? "self-critique" : `${peers} peers`;
      return `${grid.rows}×${grid.columns}, ${good}, ${critics}, ${rounds} ${rounds === 1 ? "round" : "rounds"}`;
    }
    case "align": {
      const { loss, lora, epochs } = config;
      return `${loss.id}, rank ${lora.rank}, ${epochs} ${epochs === 1 ? "epoch" : "epochs"}`;
    }
    case "evaluation": {
      const { limit, judge } = config;
      return `${limit === null ? "all" : limit} questions, ${judge === null ? "by key" : "by judge"}`;
    }
  }
}

const worldNames = {
  all_good: "all good",
  all_bad: "all bad",
  half_half: "half good",
  mixed_half_half: "half good, mixed",
} as const;

/** What a finished run came to, from what its `finished` event carried. */
export function figuresOf(
  kind: AnyRunConfig["kind"],
  result: Readonly<Record<string, unknown>>,
): RunSummary["figures"] {
  switch (kind) {
    case "society": {
      const last = (at(result, "rounds") as { alignment?: unknown; engagement?: unknown }[] | undefined)?.at(-1);
      return { alignment: number(last?.alignment), engagement: number(last?.engagement) };
    }
    case "align":
      return { loss: number(at(result, "loss", "last")), lossWindow: number(at(result, "loss", "window")) };
    case "evaluation":
      return { base: number(at(result, "base", "goodShare")), aligned: number(at(result, "aligned", "goodShare")) };
  }
}

/** What the whole run will have done, in its own unit; null until it runs. */
export function totalOf(config: AnyRunConfig): number | null {
  if (config.kind === "society") return config.rounds * config.grid.rows * config.grid.columns;
  return config.kind === "evaluation" ? config.limit : config.maxSteps;
}

/**
 * Steps of the whole training, from any of them: its epoch is the share of the rows that were read by then, so that their
 * number follows from it, and the plan from that.
 */
export function stepsPlanned(config: AlignConfig, { step, epoch }: Pick<MetricsLine, "step" | "epoch">): number {
  const rows = Math.round((step * config.accumulation) / epoch);
  return Math.max(step, planSteps(Math.max(1, rows), config).steps);
}

export const unitOf = { society: "interactions", align: "steps", evaluation: "questions" } as const;

function at(value: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | null | undefined)?.[key], value);
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
