import { Play } from "lucide-react";
import { useState } from "react";
import type { FolkmootError } from "../../../core/contract/errors.ts";
import type { SettingProblem } from "../../../core/contract/workbench/common.ts";
import { go, useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { Segmented, SelectInput } from "../../components/choices.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { NumberInput, TextInput } from "../../components/fields.tsx";
import { AdapterSelect, ModelSelect } from "../../components/ModelSelect.tsx";
import { Panel } from "../../components/Panel.tsx";
import { PathInput } from "../../components/PathInput.tsx";
import { SplitPanes } from "../../components/SplitPanes.tsx";
import { fromWire } from "../../connection/wireErrors.ts";
import type { Library, QuestionFile } from "../../contractTypes.ts";
import { formatCount } from "../../format/numbers.ts";
import { Problems } from "../../forms/Problems.tsx";
import { Row, Section } from "../../forms/Section.tsx";
import { problemFromError, type SettingsDraft } from "../../forms/settings.ts";
import { type SettingsForm, useSettingsForm, useSettled } from "../../forms/useSettingsForm.ts";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";

const words = text.evaluate.setup;

export function EvaluationSetup({ template }: { readonly template: string | null }) {
  const { client } = useWorkbench();
  const initial = useRequest<SettingsDraft>(async () => {
    if (template !== null) return (await client.runs.get({ run: template })).config as SettingsDraft;
    const [defaults, suites, library] = await Promise.all([
      client.evaluation.defaults(),
      client.evaluation.suites(),
      client.models.list(),
    ]);
    return withFirstChoices(defaults, suites, library);
  }, [template]);
  const [problems, setProblems] = useState<readonly SettingProblem[]>([]);
  const form = useSettingsForm(initial.data, problems, problems);
  const path = useSettled(form?.text("questions") ?? "");
  const questions = useRequest(() => (path === "" ? null : client.evaluation.questions({ path })), [path]);
  const [name, setName] = useState("");
  const [starting, setStarting] = useState(false);
  const [error, setError] = useState<FolkmootError | null>(null);
  const start = async () => {
    if (form === null) return;
    setStarting(true);
    setError(null);
    setProblems([]);
    try {
      const config = form.draft as Parameters<typeof client.evaluation.start>[0]["config"];
      const started = await client.evaluation.start({ config, ...(name.trim() === "" ? {} : { name }) });
      go("evaluate", started.run ?? started.job);
    } catch (thrown) {
      const failure = fromWire(thrown);
      const problem = problemFromError(failure);
      if (problem === null) setError(failure);
      else setProblems([problem]);
    }
    setStarting(false);
  };
  if (initial.error !== null) return <ErrorNote error={initial.error} />;
  return (
    <div className="screen">
      <ScreenBar title={words.title} />
      <div className="screen-body">
        {form === null ? null : (
          <SplitPanes
            id="evaluation-setup"
            panes={[
              { id: "form", minimum: 320, start: 460 },
              { id: "preview", minimum: 280 },
            ]}
          >
            <div className="form-pane">
              <div className="form-scroll">
                <div className="section-body presets">
                  <ModelFields form={form} />
                  <QuestionFields form={form} />
                  <TextInput label={words.name} value={name} onChange={setName} placeholder={words.nameEmpty} />
                </div>
                <SamplingSection form={form} />
              </div>
              {error === null ? null : (
                <div className="run-error">
                  <ErrorNote error={error} />
                </div>
              )}
              <div className="form-foot">
                <span className="grow fine numeric">
                  {questions.data === null
                    ? ""
                    : words.found(formatCount(questions.data.questions), formatCount(questions.data.withKey))}
                </span>
                <Button
                  look="primary"
                  icon={<Play size={14} />}
                  isDisabled={starting || form.text("model") === "" || path === ""}
                  onPress={() => void start()}
                >
                  {words.start}
                </Button>
              </div>
            </div>
            <div className="align-side">
              <Problems problems={problems} />
              {questions.error === null ? null : <ErrorNote error={questions.error} />}
              {questions.data === null ? null : (
                <Panel
                  title={words.sample}
                  actions={<span className="fine">{questions.data.categories.join(", ")}</span>}
                >
                  <ol className="sample-questions">
                    {questions.data.sample.map((question) => (
                      <li key={question} className="selectable">
                        {question}
                      </li>
                    ))}
                  </ol>
                </Panel>
              )}
            </div>
          </SplitPanes>
        )}
      </div>
    </div>
  );
}

/** What most people mean: the adapter that was made last against its base, on the questions that came along. */
function withFirstChoices(defaults: SettingsDraft, suites: readonly QuestionFile[], library: Library): SettingsDraft {
  const adapter = library.adapters.findLast((one) => one.base !== null && one.run !== null);
  const model = adapter?.base ?? library.models.find((one) => one.description !== null)?.path;
  return {
    ...defaults,
    ...(typeof defaults.questions === "string" || suites[0] === undefined ? {} : { questions: suites[0].path }),
    ...(typeof defaults.model === "string" || model === undefined ? {} : { model, adapter: adapter?.path ?? null }),
  };
}

interface Fields {
  readonly form: SettingsForm;
}

function ModelFields({ form }: Fields) {
  const orNull = (name: string) => (value: string) => form.set(name, value === "" ? null : value);
  return (
    <>
      <ModelSelect
        label={words.model}
        value={form.text("model")}
        onChange={(model) => form.setAll({ model, adapter: null })}
        problem={form.problem("model")}
        setting="model"
      />
      <AdapterSelect
        label={words.adapter}
        model={form.text("model")}
        value={form.text("adapter")}
        onChange={orNull("adapter")}
        problem={form.problem("adapter")}
        setting="adapter"
      />
      <ModelSelect
        label={words.alignedModel}
        none={words.alignedSame}
        explanation={words.alignedText}
        value={form.text("alignedModel")}
        onChange={orNull("alignedModel")}
        problem={form.problem("alignedModel")}
        setting="alignedModel"
      />
    </>
  );
}

function QuestionFields({ form }: Fields) {
  const { client } = useWorkbench();
  const suites = useRequest(() => client.evaluation.suites(), []);
  const path = form.text("questions");
  const known = suites.data?.some((suite) => suite.path === path) ?? true;
  const judge = form.value("judge") as { model?: string } | null | undefined;
  return (
    <>
      {suites.data === null || suites.data.length === 0 ? null : (
        <SelectInput
          label={words.questions}
          value={known && path !== "" ? path : "own"}
          onChange={(value) => form.set("questions", value === "own" ? "" : value)}
          choices={[
            ...suites.data.map((suite) => ({ id: suite.path, name: suite.name, note: formatCount(suite.questions) })),
            { id: "own", name: words.ownFile },
          ]}
          problem={known ? form.problem("questions") : undefined}
          setting="questions"
        />
      )}
      {known && path !== "" ? null : (
        <PathInput
          label={words.ownFile}
          explanation={words.ownFileText}
          value={path}
          onChange={(value) => form.set("questions", value)}
          problem={form.problem("questions")}
          request={{ title: words.questions, kind: "file", endings: ["jsonl", "json", "txt"], remember: "questions" }}
        />
      )}
      <ModelSelect
        label={words.judge}
        none={words.judgeNone}
        explanation={words.judgeText}
        value={judge?.model ?? ""}
        onChange={(model) => form.set("judge", model === "" ? null : { model, adapter: null })}
        problem={form.problem("judge")}
        setting="judge"
      />
    </>
  );
}

function SamplingSection({ form }: Fields) {
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
      <Section title={words.sections.sampling}>
        <Row>
          {number("sampling.temperature", words.temperature, { step: 0.1 })}
          {number("sampling.topP", words.topP, { maximum: 1, step: 0.05 })}
          {number("sampling.maxTokens", words.maxTokens, { minimum: 1, step: 1, unit: words.tokens })}
        </Row>
        <Segmented
          label={words.promptFormat}
          value={form.text("promptFormat") === "chat" ? "chat" : "template"}
          onChange={(value) => form.set("promptFormat", value)}
          choices={(["template", "chat"] as const).map((id) => ({ id, name: words.promptFormats[id] }))}
        />
      </Section>
      <Section title={words.sections.run}>
        <Row>
          {number("seed", words.seed, { step: 1 })}
          {number("limit", words.limit, { minimum: 1, step: 1, empty: words.limitEmpty })}
          {number("sequences", words.sequences, { minimum: 1, maximum: 256, step: 1 })}
        </Row>
        <Row>
          {number("confidence", words.confidence, { maximum: 1, step: 0.01 })}
          {number("resamples", words.resamples, { minimum: 100, step: 100 })}
          <NumberInput
            label={words.threads}
            value={form.number("threads") === 0 ? null : form.number("threads")}
            empty={words.threadsEmpty}
            minimum={0}
            step={1}
            onChange={(n) => form.set("threads", n ?? 0)}
            setting="threads"
          />
        </Row>
        <PathInput
          optional
          label={words.trainingData}
          explanation={words.trainingDataText}
          value={form.text("trainingData")}
          onChange={(path) => form.set("trainingData", path === "" ? null : path)}
          problem={form.problem("trainingData")}
          setting="trainingData"
          request={{ title: words.trainingData, kind: "file", endings: ["jsonl", "json"], remember: "data" }}
        />
      </Section>
    </>
  );
}
