import type { ReactNode } from "react";
import { ErrorNote } from "../components/ErrorNote.tsx";
import type { SectionDescription } from "./description.ts";
import { Problems } from "./Problems.tsx";
import type { SettingsForm } from "./useSettingsForm.ts";
import type { Setup } from "./useSetup.ts";

/** Beside a form: what keeps the job from starting, then what comes of the settings. */
export function SetupSide(props: {
  readonly setup: Setup<unknown>;
  readonly form: SettingsForm;
  readonly sections: readonly SectionDescription[];
  readonly children: ReactNode;
}) {
  const { setup, form, sections } = props;
  return (
    <div className="panels readable setup-side">
      <Problems problems={setup.problems} sections={sections} onSeek={form.seek} />
      {setup.checked.error === null ? null : <ErrorNote error={setup.checked.error} />}
      {props.children}
    </div>
  );
}
