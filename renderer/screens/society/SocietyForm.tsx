import { Button } from "../../components/Button.tsx";
import { Segmented, SliderInput, SwitchInput } from "../../components/choices.tsx";
import { NumberInput, TextInput } from "../../components/fields.tsx";
import { formatShare } from "../../format/numbers.ts";
import { Row, Section } from "../../forms/Section.tsx";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";
import { PopulationFields } from "./PopulationFields.tsx";
import { type PresetName, presets } from "./presets.ts";
import { QuestionFields, WorldFields } from "./WorldFields.tsx";

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
        <PopulationFields form={form} />
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
