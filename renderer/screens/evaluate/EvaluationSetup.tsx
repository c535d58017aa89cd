import { evaluationConfig } from "../../../core/contract/evaluation.ts";
import { useRequest, useWorkbench } from "../../app/hooks.ts";
import { SelectInput } from "../../components/choices.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { Panel } from "../../components/Panel.tsx";
import { PathInput } from "../../components/PathInput.tsx";
import type { Library, QuestionFile } from "../../contractTypes.ts";
import { formatCount } from "../../format/numbers.ts";
import { type JobForm, SetupScreen } from "../../forms/SetupScreen.tsx";
import { SetupSide } from "../../forms/SetupSide.tsx";
import type { SettingsDraft } from "../../forms/settings.ts";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { useSetup } from "../../forms/useSetup.ts";
import { text } from "../../text/en.ts";
import { evaluationHead, evaluationSections } from "./fields.ts";

const words = text.evaluate.setup;
const job: JobForm = {
  id: "evaluation-setup",
  title: words.title,
  startLabel: words.start,
  head: evaluationHead,
  sections: evaluationSections,
  own: { questions: QuestionFields },
};
const sections = [evaluationHead, ...evaluationSections];

export function EvaluationSetup({ template }: { readonly template: string | null }) {
  const { client } = useWorkbench();
  const defaults = useRequest<SettingsDraft>(() => client.evaluation.defaults(), []);
  const usual = async () =>
    withFirstChoices(
      ...(await Promise.all([client.evaluation.defaults(), client.evaluation.suites(), client.models.list()])),
    );
  const setup = useSetup({
    screen: "evaluate",
    schema: evaluationConfig,
    service: client.evaluation,
    template,
    usual,
    defaults: defaults.data,
  });
  const questions = setup.checked.data?.questions ?? null;
  return (
    <SetupScreen
      job={job}
      setup={setup}
      counts={questions === null ? "" : words.found(formatCount(questions.questions), formatCount(questions.withKey))}
      side={(form) => (
        <SetupSide setup={setup} form={form} sections={sections}>
          {questions === null ? <EmptyState title={words.nothing} /> : <Sample questions={questions} />}
        </SetupSide>
      )}
    />
  );
}

function Sample({ questions }: { readonly questions: QuestionFile }) {
  return (
    <Panel title={words.sample} actions={<span className="fine">{questions.categories.join(", ")}</span>}>
      <ol className="sample-questions">
        {questions.sample.map((question) => (
          <li key={question} className="selectable">
            {question}
          </li>
        ))}
      </ol>
    </Panel>
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

/** A file that came along by its name; another one by its path. */
function QuestionFields({ form }: { readonly form: SettingsForm }) {
  const { client } = useWorkbench();
  const suites = useRequest(() => client.evaluation.suites(), []);
  const path = form.text("questions");
  const known = suites.data?.some((suite) => suite.path === path) ?? true;
  const isOwn = !known || path === "";
  return (
    <>
      {suites.data === null || suites.data.length === 0 ? null : (
        <SelectInput
          label={words.questions}
          value={isOwn ? "own" : path}
          onChange={(value) => form.set("questions", value === "own" ? "" : value)}
          choices={[
            ...suites.data.map((suite) => ({ id: suite.path, name: suite.name, note: formatCount(suite.questions) })),
            { id: "own", name: words.ownFile },
          ]}
          problem={isOwn ? undefined : form.problem("questions")}
          {...(isOwn ? {} : { setting: "questions" })}
        />
      )}
      {isOwn && suites.data !== null ? (
        <PathInput
          label={words.ownFile}
          explanation={words.ownFileText}
          value={path}
          onChange={(value) => form.set("questions", value)}
          problem={form.problem("questions")}
          setting="questions"
          request={{ title: words.questions, kind: "file", endings: ["jsonl", "json", "txt"], remember: "questions" }}
        />
      ) : null}
    </>
  );
}
