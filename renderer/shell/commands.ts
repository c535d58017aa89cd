/** Every command of the window, as the palette and the keyboard know it. */

import type { RunSummary } from "../../core/contract/workbench/runs.ts";
import { copyDiagnostics } from "../app/diagnostics.ts";
import { go } from "../app/hooks.ts";
import { type Screen, screens } from "../app/route.ts";
import type { Workbench } from "../app/workbench.ts";
import { text } from "../text/en.ts";

export interface Command {
  readonly id: string;
  readonly name: string;
  readonly group: string;
  readonly keys?: string;
  readonly run: () => void;
}

/** Runs offered by name; the rest is found on its screen. */
const mostRuns = 100;

/** Screens in the order of their keys, Ctrl+1 … Ctrl+8. */
export const numbered: readonly Screen[] = screens.filter((screen) => screen !== "settings");

export function shellCommands(workbench: Workbench, openKeys: () => void): Command[] {
  const groups = text.shell.commandGroups;
  return [
    ...screens.map((screen, index) => ({
      id: `go-${screen}`,
      name: text.screens[screen],
      group: groups.go,
      keys: screen === "settings" ? "Ctrl ," : `Ctrl ${index + 1}`,
      run: () => go(screen),
    })),
    { id: "new-society", name: text.home.newSociety, group: groups.actions, run: () => go("society", "new") },
    { id: "new-data", name: text.data.build, group: groups.actions, run: () => go("data", "new") },
    { id: "new-alignment", name: text.align.setup.title, group: groups.actions, run: () => go("align", "new") },
    { id: "new-evaluation", name: text.evaluate.setup.title, group: groups.actions, run: () => go("evaluate", "new") },
    { id: "chat", name: text.evaluate.chat, group: groups.actions, run: () => go("evaluate", "chat") },
    { id: "new-export", name: text.exports.new, group: groups.actions, run: () => go("exports", "new") },
    ...(workbench.surroundings.getState().about?.demo
      ? [{ id: "demo", name: text.home.demoRun, group: groups.actions, run: () => go("home") }]
      : []),
    { id: "keys", name: text.shell.keys, group: groups.actions, keys: "?", run: openKeys },
    {
      id: "diagnostics",
      name: text.actions.copyDiagnostics,
      group: groups.actions,
      run: () => void copyDiagnostics(workbench),
    },
    ...(["system", "dark", "light"] as const).map((theme) => ({
      id: `theme-${theme}`,
      name: text.shell.theme(text.shell.themes[theme]),
      group: groups.appearance,
      run: () => void workbench.changeSettings({ appearance: { theme } }),
    })),
    ...[...workbench.lists.getState().runs.values()]
      .sort((a, b) => b.updated - a.updated)
      .slice(0, mostRuns)
      .map((run) => ({
        id: `run-${run.run}`,
        name: run.name,
        group: `${groups.runs} · ${text.kinds[run.kind]}`,
        run: () => openRun(run),
      })),
  ];
}

/** Where a run is looked at. */
export function openRun(run: Pick<RunSummary, "kind" | "run">): void {
  const screen = { society: "society", align: "align", evaluation: "evaluate" } as const;
  go(screen[run.kind], run.run);
}
