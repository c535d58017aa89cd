import { Plus, X } from "lucide-react";
import { Button } from "../../components/Button.tsx";
import {
  LongText,
  NumberInput,
  Segmented,
  SelectInput,
  SliderInput,
  SwitchInput,
  TextInput,
} from "../../components/fields.tsx";
import { AdapterSelect, ModelSelect } from "../../components/ModelSelect.tsx";
import { PathInput } from "../../components/PathInput.tsx";
import { formatShare } from "../../format/numbers.ts";
import { Row, Section } from "../../forms/Section.tsx";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";
import { type PresetName, presets } from "./presets.ts";

const words = text.society.setup;

/** Everything that can be set about a society; what most people change stands open. */
export function SocietyForm(props: {
  readonly form: SettingsForm;
  readonly name: string;
  readonly onName: (name: string) => void;
}) {
  const { form } = props;
  return (
    <>
      <div className="section-body presets">
        <span className="field-label">{words.preset}</span>
        <div className="preset-list">
          {(Object.keys(presets) as PresetName[]).map((name) => (
            <Button key={name} small hint={words.presetTexts[name]} onPress={() => form.setAll(presets[name])}>
              {words.presets[name]}
            </Button>
          ))}
        </div>
        <TextInput label={words.name} value={props.name} onChange={props.onName} placeholder={words.nameEmpty} />
      </div>
      <Section title={words.sections.speakers} open>
        <Populations form={form} />
      </Section>
      <Section title={words.sections.world} open>
        <WorldFields form={form} />
      </Section>
      <Section title={words.sections.questions} open>
        <QuestionFields form={form} />
      </Section>
      <Section title={words.sections.interaction}>
        <InteractionFields form={form} />
      </Section>
      <Section title={words.sections.sampling}>
        <SamplingFields form={form} />
      </Section>
      <Section title={words.sections.run}>
        <RunFields form={form} />
      </Section>
    </>
  );
}

interface Fields {
  readonly form: SettingsForm;
}

function Populations({ form }: Fields) {
  const populations = (form.value("populations") ?? []) as readonly {
    model?: string;
    adapter?: string | null;
    share?: number;
  }[];
  const set = (next: readonly unknown[]) => form.set("populations", next);
  const change = (index: number, values: object) =>
    set(populations.map((one, at) => (at === index ? { ...one, ...values } : one)));
  const shown = populations.length === 0 ? [{}] : populations;
  const observer = form.value("observer") as { model?: string } | null | undefined;
  return (
    <>
      {shown.map((population, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a population has no other name
        <div key={index} className="population">
          <ModelSelect
            label={words.model}
            value={population.model ?? ""}
            onChange={(model) =>
              populations.length === 0 ? set([{ model }]) : change(index, { model, adapter: null })
            }
            problem={form.problem(`populations.${index}`) ?? (index === 0 ? form.problem("populations") : undefined)}
            setting={`populations.${index}.model`}
          />
          {population.model === undefined || population.model === "" ? null : (
            <Row>
              <AdapterSelect
                label={words.adapter}
                model={population.model}
                value={population.adapter ?? ""}
                onChange={(adapter) => change(index, { adapter: adapter === "" ? null : adapter })}
              />
              {populations.length < 2 ? null : (
                <NumberInput
                  label={words.share}
                  value={population.share ?? 1}
                  minimum={0.01}
                  onChange={(share) => change(index, { share })}
                />
              )}
            </Row>
          )}
          {populations.length < 2 ? null : (
            <Button
              small
              look="quiet"
              icon={<X size={12} />}
              onPress={() => set(populations.filter((_, at) => at !== index))}
            >
              {words.removePopulation}
            </Button>
          )}
        </div>
      ))}
      {populations.length === 0 ? null : (
        <div>
          <Button
            small
            look="quiet"
            icon={<Plus size={12} />}
            onPress={() => set([...populations, { model: "", share: 1 }])}
          >
            {words.addPopulation}
          </Button>
        </div>
      )}
      <ModelSelect
        label={words.observer}
        none={words.observerSame}
        value={observer?.model ?? ""}
        onChange={(model) => form.set("observer", model === "" ? null : { model, adapter: null })}
        problem={form.problem("observer")}
        setting="observer"
      />
      <LongText
        label={words.personas}
        explanation={words.personasText}
        value={((form.value("personas") ?? []) as string[]).join("\n")}
        onChange={(lines) => form.set("personas", lines === "" ? [] : lines.split("\n"))}
        problem={form.problem("personas")}
        rows={2}
      />
    </>
  );
}

function WorldFields({ form }: Fields) {
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

function QuestionFields({ form }: Fields) {
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

function InteractionFields({ form }: Fields) {
  const local = form.text("interaction") !== "global";
  return (
    <>
      <Segmented
        label={words.interaction}
        value={local ? "local" : "global"}
        onChange={(value) => form.set("interaction", value)}
        choices={[
          { id: "local", name: words.interactions.local },
          { id: "global", name: words.interactions.global },
        ]}
        problem={form.problem("interaction")}
      />
      <Row>
        <NumberInput
          label={words.peers}
          explanation={words.peersText}
          value={form.number("peers")}
          minimum={0}
          step={1}
          onChange={(n) => form.set("peers", n)}
          problem={form.problem("peers")}
          setting="peers"
        />
        <NumberInput
          label={words.radius}
          value={form.number("radius")}
          minimum={0}
          empty={words.radiusEmpty}
          disabled={!local}
          onChange={(n) => form.set("radius", n)}
          problem={form.problem("radius")}
          setting="radius"
        />
        <NumberInput
          label={words.revisions}
          value={form.number("revisions")}
          minimum={1}
          maximum={8}
          step={1}
          onChange={(n) => form.set("revisions", n)}
          problem={form.problem("revisions")}
          setting="revisions"
        />
      </Row>
      <SliderInput
        label={words.dropout}
        explanation={words.dropoutText}
        value={form.number("dropout") ?? 0}
        minimum={0}
        maximum={1}
        step={0.01}
        format={formatShare}
        onChange={(n) => form.set("dropout", n)}
        problem={form.problem("dropout")}
        setting="dropout"
      />
    </>
  );
}

function SamplingFields({ form }: Fields) {
  return (
    <>
      <Row>
        <NumberInput
          label={words.temperature}
          value={form.number("sampling.temperature")}
          minimum={0}
          step={0.1}
          onChange={(n) => form.set("sampling.temperature", n)}
          problem={form.problem("sampling.temperature")}
          setting="sampling.temperature"
        />
        <NumberInput
          label={words.topP}
          value={form.number("sampling.topP")}
          minimum={0}
          maximum={1}
          step={0.05}
          onChange={(n) => form.set("sampling.topP", n)}
          problem={form.problem("sampling.topP")}
          setting="sampling.topP"
        />
        <NumberInput
          label={words.maxTokens}
          unit={words.tokens}
          value={form.number("sampling.maxTokens")}
          minimum={1}
          step={1}
          onChange={(n) => form.set("sampling.maxTokens", n)}
          problem={form.problem("sampling.maxTokens")}
          setting="sampling.maxTokens"
        />
      </Row>
      <Segmented
        label={words.promptFormat}
        value={form.text("promptFormat") as "template" | "chat"}
        onChange={(value) => form.set("promptFormat", value)}
        choices={[
          { id: "template", name: words.promptFormats.template },
          { id: "chat", name: words.promptFormats.chat },
        ]}
        problem={form.problem("promptFormat")}
      />
    </>
  );
}

function RunFields({ form }: Fields) {
  return (
    <>
      <Row>
        <NumberInput
          label={words.seed}
          value={form.number("seed")}
          minimum={0}
          step={1}
          onChange={(n) => form.set("seed", n)}
          problem={form.problem("seed")}
          setting="seed"
        />
        <NumberInput
          label={words.sequences}
          value={form.number("sequences")}
          minimum={1}
          maximum={256}
          step={1}
          onChange={(n) => form.set("sequences", n)}
          problem={form.problem("sequences")}
          setting="sequences"
        />
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
      </Row>
      <Segmented
        label={words.semantics}
        explanation={words.semanticsText}
        value={form.text("semantics") as "paper" | "reference"}
        onChange={(value) => form.set("semantics", value)}
        choices={[
          { id: "paper", name: words.semanticsChoices.paper },
          { id: "reference", name: words.semanticsChoices.reference },
        ]}
      />
      <SwitchInput
        label={words.deterministic}
        value={form.value("deterministic") !== false}
        onChange={(value) => form.set("deterministic", value)}
      />
    </>
  );
}
