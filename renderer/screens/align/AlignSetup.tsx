import { useEffect, useState } from "react";
import { alignConfig, type Effort } from "../../../core/contract/alignment.ts";
import type { TrainingMemory } from "../../../core/contract/workbench/align.ts";
import type { WorkbenchClient } from "../../../core/contract/workbench.ts";
import { useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { MemoryEstimate } from "../../components/MemoryEstimate.tsx";
import { Panel } from "../../components/Panel.tsx";
import { formatCount, formatParameters } from "../../format/numbers.ts";
import { mergeDerived, withDerived } from "../../forms/derived.ts";
import { type JobForm, SetupScreen } from "../../forms/SetupScreen.tsx";
import { SetupSide } from "../../forms/SetupSide.tsx";
import type { SettingsDraft } from "../../forms/settings.ts";
import { type SettingsForm, useSettled } from "../../forms/useSettingsForm.ts";
import { useSetup } from "../../forms/useSetup.ts";
import { text } from "../../text/en.ts";
import { DataField, EffortDial } from "./AlignForm.tsx";
import { DialReasons, derivedOnly } from "./DialReasons.tsx";
import { settingsByHand } from "./dial.ts";
import { alignHead, alignSections } from "./fields.ts";
import { LayerFields, TargetFields } from "./LoraFields.tsx";
import { LossFields } from "./LossFields.tsx";
import { PromptFields } from "./PromptFields.tsx";

const words = text.align.setup;
const job: JobForm = {
  id: "align-setup",
  title: words.title,
  startLabel: words.start,
  head: alignHead,
  sections: alignSections,
  own: { data: DataField, loss: LossFields, targets: TargetFields, layers: LayerFields, prompts: PromptFields },
};
const sections = [alignHead, ...alignSections];

type Checked = Awaited<ReturnType<WorkbenchClient["align"]["preview"]>>;

interface DerivedFrom {
  readonly model: string;
  readonly data: string;
  /** Both as JSON, so that equal ones are the same. */
  readonly loss: string;
  readonly byHand: string;
}

/**
 * One dial with derived defaults, everything open underneath; memory and reasons on the right. What a person sets stays,
 * and the rest is derived around it. Settings of another run
 * (`template`) stay as they were until somebody turns the dial.
 */
export function AlignSetup(props: { readonly template: string | null; readonly data: string | null }) {
  const { client } = useWorkbench();
  const { template } = props;
  const [effort, setEffort] = useState<Effort | null>(template === null ? "balanced" : null);
  const usual = async (): Promise<SettingsDraft> => {
    const [sets, { models }] = await Promise.all([client.data.list(), client.models.list()]);
    const data = sets.find((set) => set.id === props.data) ?? sets[0];
    const model = models.find((one) => one.description?.trainable.possible);
    const { config } = await client.align.defaults({ model: model?.path ?? null, data: data?.path ?? null });
    return config;
  };
  const [from, setFrom] = useState<DerivedFrom>({ model: "", data: "", loss: "null", byHand: "{}" });
  const derived = useRequest(
    () =>
      client.align.defaults({
        model: from.model === "" ? null : from.model,
        data: from.data === "" ? null : from.data,
        loss: JSON.parse(from.loss) as unknown,
        byHand: JSON.parse(from.byHand) as SettingsDraft,
        ...(effort === null ? {} : { effort }),
      }),
    [from, effort],
  );
  const setup = useSetup({
    screen: "align",
    schema: alignConfig,
    service: client.align,
    template,
    usual,
    defaults: derived.data?.config ?? null,
  });
  const { form } = setup;
  const [model, data, loss] = [form?.text("model") ?? "", form?.text("data") ?? "", form?.value("loss") ?? null];
  const settledLoss = useSettled(JSON.stringify(loss));
  const byHand = useSettled(JSON.stringify(form === null ? {} : settingsByHand(form.draft, form.touched)));
  useEffect(() => setFrom({ model, data, loss: settledLoss, byHand }), [model, data, settledLoss, byHand]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only new derived settings change the draft
  useEffect(() => {
    if (form === null || derived.data === null || effort === null) return;
    const { config, reasons } = derived.data;
    form.rewrite((draft, touched) =>
      template === null
        ? mergeDerived(draft, config, touched)
        : withDerived(draft, config, derivedOnly({ touched }, reasons)),
    );
  }, [derived.data]);
  const checked = setup.checked.data;
  // All at once: reasons that stood there first would jump when the memory is known.
  const isAnswered = checked !== null || setup.checked.error !== null;
  return (
    <SetupScreen
      job={job}
      setup={setup}
      after={<EffortDial effort={effort} onEffort={setEffort} />}
      counts={checked === null ? "" : countsOf(checked)}
      side={(shown) => (
        <SetupSide setup={setup} form={shown} sections={sections}>
          {derived.error === null ? null : <ErrorNote error={derived.error} />}
          {checked === null || checked.memory === null ? null : <Memory form={shown} memory={checked.memory} />}
          {effort === null || derived.data === null || !isAnswered ? null : (
            <DialReasons form={shown} sections={sections} reasons={derived.data.reasons} />
          )}
        </SetupSide>
      )}
    />
  );
}

function countsOf(checked: Checked): string {
  const { rows, steps, parameters } = checked;
  if (parameters === null) return "";
  const weights = formatParameters(parameters);
  if (rows === null) return words.countsWithoutData(weights);
  const leftOut = rows.pairless === 0 ? "" : words.pairless(formatCount(rows.pairless));
  return words.counts(formatCount(rows.training), formatCount(rows.evaluation), leftOut, formatCount(steps), weights);
}

function Memory({ form, memory }: { readonly form: SettingsForm; readonly memory: TrainingMemory }) {
  const { memoryParts: names } = words;
  const { advice, card } = memory;
  return (
    <Panel title={words.memory}>
      {card === null ? null : <p>{words.card(card.name, formatCount(card.gpuLayers), formatCount(card.layers))}</p>}
      <MemoryEstimate
        parts={[
          [names.weights, memory.weights, "--base"],
          [names.copies, memory.copies, "--observer"],
          [names.adapter, memory.adapter, "--aligned"],
          [memory.keepsActivations ? names.activations : names.activationsAgain, memory.activations, "--draft"],
          [names.work, memory.work, "--feedback"],
          [names.program, memory.program, "--question"],
        ]}
        free={memory.free}
        verdict={memory.verdict}
        source={memory.measured ? words.measured : memory.ofRows ? words.estimatedRows : words.estimatedAny}
      />
      {advice === null ? null : (
        <div className="memory-advice">
          <p>{advice.text}</p>
          {Object.keys(advice.changes).length === 0 ? null : (
            <Button small onPress={() => form.setAll(advice.changes)}>
              {words.lower}
            </Button>
          )}
        </div>
      )}
    </Panel>
  );
}
