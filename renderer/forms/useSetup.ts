/** Setting up a job: its form, what the workbench says about it as it changes, and its start. */
import { useEffect, useState } from "react";
import type { z } from "zod";
import type { FolkmootError } from "../../core/contract/errors.ts";
import type { SettingProblem } from "../../core/contract/workbench/common.ts";
import { useFilled } from "../app/filled.ts";
import { go, type Request, useRequest, useWorkbench } from "../app/hooks.ts";
import type { Screen } from "../app/route.ts";
import { fromWire } from "../connection/wireErrors.ts";
import { problemFromError, type SettingsDraft } from "./settings.ts";
import { type SettingsForm, useSettingsForm, useSettled } from "./useSettingsForm.ts";

interface StartOptions {
  readonly overMemoryCeiling: boolean;
  readonly name?: string;
}

/** What the service has for one kind of job; it parses itself what a form holds. */
export interface JobService<Checked> {
  /** Asked again whenever the form has come to rest. */
  preview(input: { readonly config: SettingsDraft }): Promise<Checked>;
  start(input: never): Promise<{ readonly job: string; readonly run: string | null }>;
}

export interface SetupSource<Checked> {
  /** Where the job is watched. */
  readonly screen: Screen;
  readonly schema: z.ZodType;
  readonly service: JobService<Checked>;
  /** Run whose settings the form begins with; null = `usual`. */
  readonly template: string | null;
  /** What most people would begin with. */
  readonly usual: () => Promise<SettingsDraft>;
  /** What `changed` compares with; null until it is known. */
  readonly defaults: SettingsDraft | null;
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
  /** Null until it is known what it begins with. */
  readonly form: SettingsForm | null;
  /** Why that cannot be known. */
  readonly error: FolkmootError | null;
  /** Of the last check that was answered. */
  readonly checked: Request<Checked>;
  /** What keeps the job from starting. */
  readonly problems: readonly SettingProblem[];
  readonly start: Start;
}

export function useSetup<Checked extends { readonly problems: readonly SettingProblem[] }>(
  source: SetupSource<Checked>,
): Setup<Checked> {
  const { screen, schema, service, template, usual, defaults } = source;
  const { client } = useWorkbench();
  const initial = useRequest<SettingsDraft>(
    async () => (template === null ? usual() : ((await client.runs.get({ run: template })).config as SettingsDraft)),
    [template],
  );
  const [name, setName] = useState("");
  const [starting, setStarting] = useState(false);
  const [error, setError] = useState<FolkmootError | null>(null);
  const [refused, setRefused] = useState<readonly SettingProblem[]>([]);
  const [found, setFound] = useState<readonly SettingProblem[]>([]);
  const form = useSettingsForm({ schema, initial: initial.data, defaults, problems: found, refused });
  useFilled(form);
  const draft = form?.draft ?? null;
  const settled = useSettled(draft);
  const checked = useRequest(() => (settled === null ? null : service.preview({ config: settled })), [settled]);
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
      const options: StartOptions = { overMemoryCeiling, ...(name.trim() === "" ? {} : { name }) };
      const started = await service.start({ config: draft, ...options } as never);
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
    error: initial.error,
    checked,
    problems: [...found, ...refused],
    start: { name, setName, starting, error, isOverCeiling: isOverCeiling(error), run: (over) => void run(over) },
  };
}

function isOverCeiling(error: FolkmootError | null): boolean {
  return error?.code === "out-of-memory" && error.details.setting === "memoryCeiling";
}
