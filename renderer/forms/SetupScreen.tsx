/** The screen of a form: its sections on the left, what comes of them on the right, the start below. */
import { Play } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../components/Button.tsx";
import { ErrorNote } from "../components/ErrorNote.tsx";
import { TextInput } from "../components/fields.tsx";
import { SplitPanes } from "../components/SplitPanes.tsx";
import { ScreenBar } from "../shell/ScreenBar.tsx";
import { text } from "../text/en.ts";
import type { SectionDescription } from "./description.ts";
import type { OwnFields } from "./FieldView.tsx";
import { FormSections } from "./FormSections.tsx";
import "./forms.css";
import type { SettingsForm } from "./useSettingsForm.ts";
import type { Setup } from "./useSetup.ts";

const words = text.forms;

/** What a job's form is, whatever stands in it. */
export interface JobForm {
  readonly title: string;
  /** Remembers the width of the panes. */
  readonly id: string;
  readonly head: SectionDescription;
  readonly sections: readonly SectionDescription[];
  readonly own: OwnFields;
  readonly startLabel: string;
}

export function SetupScreen<Checked>(props: {
  readonly job: JobForm;
  readonly setup: Setup<Checked>;
  /** Above the first field, e.g. presets. */
  readonly before?: (form: SettingsForm) => ReactNode;
  /** Behind the fields of the head. */
  readonly after?: ReactNode;
  /** What the job comes to, beside the start. */
  readonly counts: string;
  readonly side: (form: SettingsForm) => ReactNode;
}) {
  const { setup, job } = props;
  const { form, start } = setup;
  return (
    <div className="screen">
      <ScreenBar title={job.title} />
      <div className="screen-body">
        {setup.error === null ? null : (
          <div className="pane-error">
            <ErrorNote error={setup.error} />
          </div>
        )}
        {form === null ? null : (
          <SplitPanes
            id={job.id}
            panes={[
              { id: "form", minimum: 320, start: 480 },
              { id: "preview", minimum: 280 },
            ]}
          >
            <div className="form-pane">
              <div className="form-scroll">
                <FormSections
                  form={form}
                  head={job.head}
                  sections={job.sections}
                  own={job.own}
                  before={props.before?.(form)}
                  after={
                    <>
                      {props.after}
                      <TextInput
                        label={words.name}
                        value={start.name}
                        onChange={start.setName}
                        placeholder={words.nameEmpty}
                      />
                    </>
                  }
                />
              </div>
              {start.error === null ? null : (
                <div className="form-error">
                  <ErrorNote error={start.error}>
                    {start.isOverCeiling ? (
                      <Button small onPress={() => start.run(true)}>
                        {words.startAnyway}
                      </Button>
                    ) : null}
                  </ErrorNote>
                </div>
              )}
              <div className="form-foot">
                <span className="grow fine numeric">{props.counts}</span>
                <Button
                  look="primary"
                  icon={<Play size={14} />}
                  isDisabled={start.starting || setup.checked.data === null || setup.problems.length > 0}
                  onPress={() => start.run(false)}
                >
                  {job.startLabel}
                </Button>
              </div>
            </div>
            {props.side(form)}
          </SplitPanes>
        )}
      </div>
    </div>
  );
}
