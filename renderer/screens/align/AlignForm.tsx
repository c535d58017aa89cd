import { loraTargets } from "../../../core/contract/alignment.ts";
import { go, useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { CheckInput, Segmented, SelectInput, SliderInput, SwitchInput } from "../../components/choices.tsx";
import { NumberInput, TextInput } from "../../components/fields.tsx";
import { ModelSelect } from "../../components/ModelSelect.tsx";
import { PathInput } from "../../components/PathInput.tsx";
import type { Effort } from "../../contractTypes.ts";
import { formatCount, formatShare } from "../../format/numbers.ts";
import { Row, Section } from "../../forms/Section.tsx";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";
import { LossFields, lossName } from "./LossFields.tsx";
import { OptimizerFields, RunFields } from "./TrainingFields.tsx";

const words = text.align.setup;

interface Fields {
  readonly form: SettingsForm;
}

export function AlignForm(
  props: Fields & {
    readonly name: string;
    readonly onName: (name: string) => void;
    readonly effort: Effort;
    readonly onEffort: (effort: Effort) => void;
  },
) {
  const { form } = props;
  return (
    <>
      <div className="section-body presets">
        <ModelSelect
          trainable
          label={words.model}
          value={form.text("model")}
          onChange={(path) => form.set("model", path)}
          problem={form.problem("model")}
          setting="model"
        />
        <DataField form={form} />
        <Segmented
          label={words.effort}
          explanation={words.effortText}
          value={props.effort}
          onChange={props.onEffort}
          choices={(["quick", "normal", "thorough"] as const).map((id) => ({ id, name: words.efforts[id] }))}
        />
        <TextInput label={words.name} value={props.name} onChange={props.onName} placeholder={words.nameEmpty} />
      </div>
      <Section title={words.sections.loss} note={lossName(form)}>
        <LossFields form={form} />
      </Section>
      <Section title={words.sections.lora} note={`${words.rank} ${form.number("lora.rank") ?? ""}`}>
        <LoraFields form={form} />
      </Section>
      <Section
        title={words.sections.optimizer}
        note={`${words.learningRate} ${form.number("optimizer.learningRate") ?? ""}`}
      >
        <OptimizerFields form={form} />
      </Section>
      <Section title={words.sections.length} note={`${form.number("maxLength") ?? ""} ${words.tokens}`}>
        <LengthFields form={form} />
      </Section>
      <Section title={words.sections.checks}>
        <CheckFields form={form} />
      </Section>
      <Section title={words.sections.run}>
        <RunFields form={form} />
      </Section>
    </>
  );
}

/** A set of the workspace by name; another file by its path. */
function DataField({ form }: Fields) {
  const { client } = useWorkbench();
  const sets = useRequest(() => client.data.list(), []);
  const path = form.text("data");
  const known = sets.data?.find((set) => set.path === path);
  if (sets.data !== null && sets.data.length === 0 && path === "")
    return (
      <div className="field" data-setting="data">
        <span className="field-label">{words.data}</span>
        <Button onPress={() => go("data", "new")}>{words.dataNone}</Button>
        {form.problem("data") === undefined ? null : <span className="field-problem">{form.problem("data")}</span>}
      </div>
    );
  return (
    <>
      <SelectInput
        label={words.data}
        value={known?.path ?? (path === "" ? null : "other")}
        onChange={(value) => form.set("data", value === "other" ? "" : value)}
        choices={[
          ...(sets.data ?? []).map((set) => ({ id: set.path, name: set.name, note: formatCount(set.rows) })),
          { id: "other", name: words.otherFile },
        ]}
        problem={known === undefined ? undefined : form.problem("data")}
        setting="data"
      />
      {known !== undefined || sets.data === null ? null : (
        <PathInput
          label={words.otherFile}
          explanation={words.dataText}
          value={path}
          onChange={(value) => form.set("data", value)}
          problem={form.problem("data")}
          request={{ title: words.data, kind: "file", endings: ["jsonl", "json"], remember: "data" }}
        />
      )}
    </>
  );
}

function LoraFields({ form }: Fields) {
  const targets = (form.value("lora.targets") ?? []) as readonly string[];
  return (
    <>
      <Row>
        <NumberInput
          label={words.rank}
          value={form.number("lora.rank")}
          minimum={1}
          maximum={1024}
          step={1}
          onChange={(n) => form.set("lora.rank", n)}
          problem={form.problem("lora.rank")}
          setting="lora.rank"
        />
        <NumberInput
          label={words.alpha}
          value={form.number("lora.alpha")}
          minimum={0}
          onChange={(n) => form.set("lora.alpha", n)}
          problem={form.problem("lora.alpha")}
          setting="lora.alpha"
        />
      </Row>
      <SwitchInput
        label={words.rsLora}
        explanation={words.rsLoraText}
        value={form.value("lora.rsLora") === true}
        onChange={(on) => form.set("lora.rsLora", on)}
        setting="lora.rsLora"
      />
      <div className="field">
        <span className="field-label">{words.targets}</span>
        <div className="field-columns">
          {loraTargets.map((target) => (
            <CheckInput
              key={target}
              label={<code>{target}</code>}
              value={targets.includes(target)}
              onChange={(on) =>
                form.set(
                  "lora.targets",
                  loraTargets.filter((one) => (one === target ? on : targets.includes(one))),
                )
              }
            />
          ))}
        </div>
        {form.problem("lora.targets") === undefined ? null : (
          <span className="field-problem">{form.problem("lora.targets")}</span>
        )}
      </div>
    </>
  );
}

function LengthFields({ form }: Fields) {
  return (
    <>
      <Row>
        <NumberInput
          label={words.maxLength}
          unit={words.tokens}
          value={form.number("maxLength")}
          minimum={2}
          step={1}
          onChange={(n) => form.set("maxLength", n)}
          problem={form.problem("maxLength")}
          setting="maxLength"
        />
        <NumberInput
          label={words.maxRejected}
          value={form.number("maxRejected")}
          minimum={0}
          step={1}
          onChange={(n) => form.set("maxRejected", n)}
          problem={form.problem("maxRejected")}
          setting="maxRejected"
        />
      </Row>
      <SwitchInput
        label={words.appendEos}
        value={form.value("appendEos") !== false}
        onChange={(value) => form.set("appendEos", value)}
      />
    </>
  );
}

function CheckFields({ form }: Fields) {
  return (
    <>
      <SliderInput
        label={words.evaluationShare}
        value={form.number("evaluationShare") ?? 0.05}
        minimum={0}
        maximum={0.5}
        step={0.01}
        format={formatShare}
        onChange={(n) => form.set("evaluationShare", n)}
        problem={form.problem("evaluationShare")}
        setting="evaluationShare"
      />
      <Row>
        <NumberInput
          label={words.evaluateEvery}
          unit={words.steps}
          value={form.number("evaluateEvery")}
          minimum={0}
          step={1}
          onChange={(n) => form.set("evaluateEvery", n)}
          problem={form.problem("evaluateEvery")}
          setting="evaluateEvery"
        />
        <NumberInput
          label={words.checkpointEvery}
          unit={words.steps}
          value={form.number("checkpointEvery")}
          minimum={0}
          step={1}
          onChange={(n) => form.set("checkpointEvery", n)}
          problem={form.problem("checkpointEvery")}
          setting="checkpointEvery"
        />
      </Row>
    </>
  );
}
