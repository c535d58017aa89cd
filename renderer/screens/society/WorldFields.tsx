import { Segmented, SelectInput, SliderInput } from "../../components/choices.tsx";
import { NumberInput, TextInput } from "../../components/fields.tsx";
import { PathInput } from "../../components/PathInput.tsx";
import { formatShare } from "../../format/numbers.ts";
import { Row } from "../../forms/Section.tsx";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";

const words = text.society.setup;

interface Fields {
  readonly form: SettingsForm;
}

/** The grid and who starts good in it. */
export function WorldFields({ form }: Fields) {
  const setting = form.text("world.setting") as keyof typeof words.settings;
  return (
    <>
      <Row>
        <NumberInput
          label={words.rows}
          value={form.number("grid.rows")}
          minimum={1}
          maximum={40}
          step={1}
          onChange={(n) => form.set("grid.rows", n)}
          problem={form.problem("grid")}
          setting="grid.rows"
        />
        <NumberInput
          label={words.columns}
          value={form.number("grid.columns")}
          minimum={1}
          maximum={40}
          step={1}
          onChange={(n) => form.set("grid.columns", n)}
          setting="grid.columns"
        />
        <NumberInput
          label={words.rounds}
          value={form.number("rounds")}
          minimum={1}
          step={1}
          onChange={(n) => form.set("rounds", n)}
          problem={form.problem("rounds")}
          setting="rounds"
        />
      </Row>
      <SelectInput
        label={words.setting}
        value={setting}
        onChange={(value) => form.set("world.setting", value)}
        choices={(Object.keys(words.settings) as (keyof typeof words.settings)[]).map((id) => ({
          id,
          name: words.settings[id],
        }))}
        explanation={words.settingTexts[setting]}
        problem={form.problem("world.setting")}
        setting="world.setting"
      />
      {setting !== "custom" ? null : (
        <SliderInput
          label={words.goodShare}
          value={form.number("world.goodShare") ?? 0.5}
          minimum={0}
          maximum={1}
          step={0.01}
          format={formatShare}
          onChange={(n) => form.set("world.goodShare", n)}
          problem={form.problem("world.goodShare")}
          setting="world.goodShare"
        />
      )}
    </>
  );
}

/** What is asked, and what is remembered. */
export function QuestionFields({ form }: Fields) {
  return (
    <>
      <PathInput
        label={words.questions}
        explanation={words.questionsText}
        value={form.text("questions.path")}
        onChange={(path) => form.set("questions.path", path)}
        problem={form.problem("questions")}
        setting="questions.path"
        request={{
          title: words.questions,
          kind: "file",
          endings: ["txt", "jsonl", "csv", "json"],
          remember: "questions",
        }}
      />
      <Segmented
        label={words.order}
        value={form.text("questions.order") as "given" | "shuffled"}
        onChange={(value) => form.set("questions.order", value)}
        choices={[
          { id: "shuffled", name: words.orders.shuffled },
          { id: "given", name: words.orders.given },
        ]}
      />
      <PathInput
        optional
        label={words.priorMemory}
        explanation={words.priorMemoryText}
        value={form.text("priorMemory.path")}
        onChange={(path) => form.set("priorMemory.path", path === "" ? null : path)}
        problem={form.problem("priorMemory")}
        setting="priorMemory.path"
        request={{ title: words.priorMemory, kind: "file", endings: ["json", "jsonl"], remember: "questions" }}
      />
      <Row>
        <NumberInput
          label={words.pairs}
          value={form.number("priorMemory.pairs")}
          minimum={0}
          step={1}
          onChange={(n) => form.set("priorMemory.pairs", n)}
          setting="priorMemory.pairs"
        />
        <NumberInput
          label={words.threshold}
          value={form.number("memory.threshold")}
          minimum={0}
          maximum={2}
          step={0.05}
          onChange={(n) => form.set("memory.threshold", n)}
          problem={form.problem("memory.threshold")}
          setting="memory.threshold"
        />
      </Row>
      <p className="field-explanation">{words.thresholdText}</p>
      <TextInput
        label={words.embedder}
        explanation={words.embedderText}
        value={form.text("memory.embedder")}
        onChange={(value) => form.set("memory.embedder", value)}
        problem={form.problem("memory.embedder")}
        mono
        setting="memory.embedder"
      />
    </>
  );
}
