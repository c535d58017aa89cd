/** Setting up a job: its form, what the workbench says about it as it changes, and its start. */
import { useEffect, useState } from "react";
import type { z } from "zod";
import type { FolkmootError } from "../../core/contract/errors.ts";
import type { SettingProblem } from "../../core/contract/workbench/common.ts";
import { useFilled } from "../app/filled.ts";
import { go, type Request, useRequest } from "../app/hooks.ts";
import type { Screen } from "../app/route.ts";
import { fromWire } from "../connection/wireErrors.ts";
import { problemFromError, type SettingsDraft } from "./settings.ts";
import { type SettingsForm, useSettingsForm, useSettled } from "./useSettingsForm.ts";

export interface StartOptions {
  readonly overMemoryCeiling: boolean;
  readonly name?: string;
}

export interface SetupSource<Checked> {
  /** Where the job is watched. */
  readonly screen: Screen;
  readonly schema: z.ZodType;
  /** Null until it is known. */
  readonly initial: SettingsDraft | null;
  readonly defaults: SettingsDraft | null;
  /** Asked again whenever the form has come to rest. */
  readonly check: (draft: SettingsDraft) => Promise<Checked>;
  readonly begin: (
    draft: SettingsDraft,
    options: StartOptions,
  ) => Promise<{ readonly job: string; readonly run: string | null }>;
}

export interface Start {
  readonly name: string;
  readonly setName: (name: string) => void;
  readonly starting: boolean;
  /** Why the last start did not happen, where no field is to blame. */
  readonly error: FolkmootError | null;
  /** The estimate is above the ceiling of the settings: it can be started nevertheless. */
  readonly isOverCeiling: boolean;
  readonly run: (overMemoryCeiling: boolean) => void;
}

export interface Setup<Checked> {
  readonly form: SettingsForm | null;
  /** Of the last check that was answered. */
  readonly checked: Request<Checked>;
  /** What keeps the job from starting. */
  readonly problems: readonly SettingProblem[];
  readonly start: Start;
}

export function useSetup<Checked extends { readonly problems: readonly SettingProblem[] }>(
  source: SetupSource<Checked>,
): Setup<Checked> {
  const { screen, schema, initial, defaults, check, begin } = source;
  const [name, setName] = useState("");
  const [starting, setStarting] = useState(false);
  const [error, setError] = useState<FolkmootError | null>(null);
  const [refused, setRefused] = useState<readonly SettingProblem[]>([]);
  const [found, setFound] = useState<readonly SettingProblem[]>([]);
  const form = useSettingsForm({ schema, initial, defaults, problems: found, refused });
  useFilled(form);
  const draft = form?.draft ?? null;
  const settled = useSettled(draft);
  const checked = useRequest(() => (settled === null ? null : check(settled)), [settled]);
  useEffect(() => {
    if (checked.data !== null) setFound(checked.data.problems);
  }, [checked.data]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed form is another one than was refused
  useEffect(() => {
    setRefused([]);
    setError(null);
  }, [draft]);
  const run = async (overMemoryCeiling: boolean) => {
    if (draft === null) return;
    setStarting(true);
    setError(null);
    setRefused([]);
    try {
      const started = await begin(draft, { overMemoryCeiling, ...(name.trim() === "" ? {} : { name }) });
      go(screen, started.run ?? started.job);
    } catch (thrown) {
      const failure = fromWire(thrown);
      const problem = problemFromError(failure);
      if (problem === null || isOverCeiling(failure)) setError(failure);
      else {
        setRefused([problem]);
        form?.seek(problem.setting);
      }
    }
    setStarting(false);
  };
  return {
    form,
    checked,
    problems: [...found, ...refused],
    start: { name, setName, starting, error, isOverCeiling: isOverCeiling(error), run: (over) => void run(over) },
  };
}

function isOverCeiling(error: FolkmootError | null): boolean {
  return error?.code === "out-of-memory" && error.details.setting === "memoryCeiling";
}
