import type { SettingProblem } from "../../core/contract/workbench/common.ts";
import { text } from "../text/en.ts";
import { fieldFor, type SectionDescription } from "./description.ts";
import "./forms.css";

/** Everything that keeps a job from starting, with the one thing to do; each leads to its field. */
export function Problems(props: {
  readonly problems: readonly SettingProblem[];
  readonly sections: readonly SectionDescription[];
  readonly onSeek: (setting: string) => void;
}) {
  if (props.problems.length === 0) return null;
  return (
    <div className="problems" role="status">
      <ul className="problem-list">
        {props.problems.map(({ setting, message, action }) => {
          const label = fieldFor(props.sections, setting)?.field.label;
          return (
            <li key={`${setting} ${message}`}>
              {label === undefined ? (
                <b>{setting}</b>
              ) : (
                <button
                  type="button"
                  className="problem-link"
                  aria-label={text.forms.toField(label)}
                  onClick={() => props.onSeek(setting)}
                >
                  {label}
                </button>
              )}{" "}
              {message} {action}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
