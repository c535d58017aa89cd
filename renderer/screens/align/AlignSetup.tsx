import { Play } from "lucide-react";
import { useEffect, useState } from "react";
import type { FolkmootError } from "../../../core/contract/errors.ts";
import type { SettingProblem } from "../../../core/contract/workbench/common.ts";
import { go, useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { MemoryEstimate } from "../../components/MemoryEstimate.tsx";
import { Panel } from "../../components/Panel.tsx";
import { SplitPanes } from "../../components/SplitPanes.tsx";
import { fromWire } from "../../connection/wireErrors.ts";
import type { Effort } from "../../contractTypes.ts";
import { formatCount, formatParameters } from "../../format/numbers.ts";
import { mergeDerived } from "../../forms/derived.ts";
import { Problems } from "../../forms/Problems.tsx";
import { problemFromError, type SettingsDraft, settingAt } from "../../forms/settings.ts";
import { useSettingsForm, useSettled } from "../../forms/useSettingsForm.ts";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";
import { AlignForm } from "./AlignForm.tsx";

const words = text.align.setup;

/** One dial with derived defaults, everything open underneath; memory and reasons on the right. */
export function AlignSetup(props: { readonly template: string | null; readonly data: string | null }) {
  const { client } = useWorkbench();
  const [effort, setEffort] = useState<Effort>("normal");
  const initial = useRequest<SettingsDraft>(async () => {
    if (props.template !== null) return (await client.runs.get({ run: props.template })).config as SettingsDraft;
    const [sets, { models }] = await Promise.all([client.data.list(), client.models.list()]);
    const data = sets.find((set) => set.id === props.data) ?? sets[0];
    const model = models.find((one) => one.description?.trainable.possible);
    const { config } = await client.align.defaults({ model: model?.path ?? null, data: data?.path ?? null, effort });
    return {
      ...config,
      ...(model === undefined ? {} : { model: model.path }),
      ...(data === undefined ? {} : { data: data.path }),
    };
  }, [props.template, props.data]);
  const [problems, setProblems] = useState<readonly SettingProblem[]>([]);
  const [refused, setRefused] = useState<readonly SettingProblem[]>([]);
  const form = useSettingsForm(initial.data, problems, refused);
  const model = form?.text("model") ?? "";
  const data = form?.text("data") ?? "";
  const derived = useRequest(
    () => client.align.defaults({ model: model === "" ? null : model, data: data === "" ? null : data, effort }),
    [model, data, effort],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: only new derived defaults change the draft
  useEffect(() => {
    if (form === null || derived.data === null || props.template !== null) return;
    form.replace(mergeDerived(form.draft, derived.data.config, form.touched));
  }, [derived.data]);
  const draft = useSettled(form?.draft ?? null);
  const preview = useRequest(() => (draft === null ? null : client.align.preview({ config: draft })), [draft]);
  useEffect(() => {
    if (preview.data === null) return;
    setProblems(preview.data.problems);
    setRefused([]);
  }, [preview.data]);
  const start = useStart(form?.draft ?? null, (problem) => setRefused([problem]));
  if (initial.error !== null) return <ErrorNote error={initial.error} />;
  const checked = preview.data;
  return (
    <div className="screen">
      <ScreenBar title={words.title} />
      <div className="screen-body">
        {form === null ? null : (
          <SplitPanes
            id="align-setup"
            panes={[
              { id: "form", minimum: 320, start: 480 },
              { id: "preview", minimum: 280 },
            ]}
          >
            <div className="form-pane">
              <div className="form-scroll">
                <AlignForm form={form} name={start.name} onName={start.setName} effort={effort} onEffort={setEffort} />
              </div>
              {start.error === null ? null : (
                <div className="run-error">
                  <ErrorNote error={start.error}>
                    {start.error.details.overridable === true ? (
                      <Button small onPress={() => start.run(true)}>
                        {words.startAnyway}
                      </Button>
                    ) : null}
                  </ErrorNote>
                </div>
              )}
              <div className="form-foot">
                <span className="grow fine numeric">
                  {checked === null
                    ? ""
                    : words.counts(
                        formatCount(checked.rows),
                        formatCount(checked.steps),
                        formatParameters(checked.parameters),
                      )}
                </span>
                <Button
                  look="primary"
                  icon={<Play size={14} />}
                  isDisabled={start.starting || (checked?.problems.length ?? 1) > 0}
                  onPress={() => start.run(false)}
                >
                  {words.start}
                </Button>
              </div>
            </div>
            <div className="align-side">
              <Problems problems={[...problems, ...refused]} />
              {preview.error === null ? null : <ErrorNote error={preview.error} />}
              {checked?.memory == null ? null : (
                <Panel title={words.memory}>
                  <MemoryEstimate
                    parts={[
                      [words.memoryParts.weights, checked.memory.weights, "--base"],
                      [words.memoryParts.adapter, checked.memory.adapter, "--aligned"],
                      [words.memoryParts.activations, checked.memory.activations, "--draft"],
                    ]}
                    free={checked.memory.free}
                    verdict={checked.memory.verdict}
                  />
                </Panel>
              )}
              {derived.data === null || derived.data.reasons.length === 0 ? null : (
                <Panel title={words.derived}>
                  <ul className="reason-list">
                    {derived.data.reasons.map((reason) => (
                      <li key={reason.setting}>
                        <b>
                          {reason.setting} = {String(settingAt(form.draft, reason.setting))}
                        </b>
                        {reason.reason}
                      </li>
                    ))}
                  </ul>
                </Panel>
              )}
            </div>
          </SplitPanes>
        )}
      </div>
    </div>
  );
}

function useStart(draft: SettingsDraft | null, onProblem: (problem: SettingProblem) => void) {
  const { client } = useWorkbench();
  const [name, setName] = useState("");
  const [starting, setStarting] = useState(false);
  const [error, setError] = useState<FolkmootError | null>(null);
  const run = async (overMemoryCeiling: boolean) => {
    if (draft === null) return;
    setStarting(true);
    setError(null);
    try {
      const config = draft as Parameters<typeof client.align.start>[0]["config"];
      const started = await client.align.start({ config, overMemoryCeiling, ...(name.trim() === "" ? {} : { name }) });
      go("align", started.run ?? started.job);
    } catch (thrown) {
      const failure = fromWire(thrown);
      const problem = problemFromError(failure);
      if (problem === null) setError(failure);
      else onProblem(problem);
    }
    setStarting(false);
  };
  return { name, setName, starting, error, run: (over: boolean) => void run(over) };
}
