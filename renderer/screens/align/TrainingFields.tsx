import { Segmented, SliderInput } from "../../components/choices.tsx";
import { NumberInput } from "../../components/fields.tsx";
import { formatShare } from "../../format/numbers.ts";
import { Row } from "../../forms/Section.tsx";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";

const words = text.align.setup;

interface Fields {
  readonly form: SettingsForm;
}

/** AdamW, its schedule, and how long it runs. */
export function OptimizerFields({ form }: Fields) {
  const field = (name: "learningRate" | "beta1" | "beta2" | "epsilon" | "weightDecay" | "clipNorm") => (
    <NumberInput
      key={name}
      label={words[name]}
      value={form.number(`optimizer.${name}`)}
      minimum={0}
      digits={10}
      onChange={(n) => form.set(`optimizer.${name}`, n)}
      problem={form.problem(`optimizer.${name}`)}
      setting={`optimizer.${name}`}
      {...(name === "clipNorm" ? { explanation: words.clipNormText } : {})}
    />
  );
  return (
    <>
      <Row>
        {field("learningRate")}
        {field("clipNorm")}
        {field("weightDecay")}
      </Row>
      <Row>
        {field("beta1")}
        {field("beta2")}
        {field("epsilon")}
      </Row>
      <Segmented
        label={words.schedule}
        value={form.text("schedule.kind") as "cosine" | "linear" | "constant"}
        onChange={(value) => form.set("schedule.kind", value)}
        choices={(["cosine", "linear", "constant"] as const).map((id) => ({ id, name: words.schedules[id] }))}
      />
      <SliderInput
        label={words.warmup}
        value={form.number("schedule.warmupShare") ?? 0}
        minimum={0}
        maximum={0.5}
        step={0.01}
        format={formatShare}
        onChange={(n) => form.set("schedule.warmupShare", n)}
        setting="schedule.warmupShare"
      />
      <Row>
        <NumberInput
          label={words.epochs}
          value={form.number("epochs")}
          minimum={0}
          onChange={(n) => form.set("epochs", n)}
          problem={form.problem("epochs")}
          setting="epochs"
        />
        <NumberInput
          label={words.accumulation}
          value={form.number("accumulation")}
          minimum={1}
          step={1}
          onChange={(n) => form.set("accumulation", n)}
          problem={form.problem("accumulation")}
          setting="accumulation"
        />
        <NumberInput
          label={words.maxSteps}
          value={form.number("maxSteps")}
          empty={words.maxStepsEmpty}
          minimum={1}
          step={1}
          onChange={(n) => form.set("maxSteps", n)}
          problem={form.problem("maxSteps")}
          setting="maxSteps"
        />
      </Row>
    </>
  );
}

/** Seed, threads, memory, and when a run ends by itself. */
export function RunFields({ form }: Fields) {
  const number = (name: string, label: string, options: object = {}) => (
    <NumberInput
      label={label}
      value={form.number(name)}
      minimum={0}
      onChange={(n) => form.set(name, n)}
      problem={form.problem(name)}
      setting={name}
      {...options}
    />
  );
  return (
    <>
      <Row>
        {number("seed", words.seed, { step: 1 })}
        <NumberInput
          label={words.threads}
          value={form.number("threads") === 0 ? null : form.number("threads")}
          empty={words.threadsEmpty}
          minimum={0}
          step={1}
          onChange={(n) => form.set("threads", n ?? 0)}
          problem={form.problem("threads")}
          setting="threads"
        />
        {number("batchTokens", words.batchTokens, { minimum: 1, step: 1, unit: words.tokens })}
      </Row>
      <Row>
        {number("earlyStop.patience", words.patience, { step: 1, explanation: words.patienceText })}
        {number("earlyStop.minimumGain", words.minimumGain)}
        {number("maxMinutes", words.maxMinutes, { empty: words.maxMinutesEmpty, unit: words.minutes })}
      </Row>
      <Segmented
        label={words.activations}
        explanation={words.activationsText}
        value={form.text("activations") as keyof typeof words.activationChoices}
        onChange={(value) => form.set("activations", value)}
        choices={(["automatic", "keep", "recompute"] as const).map((id) => ({ id, name: words.activationChoices[id] }))}
      />
    </>
  );
}
