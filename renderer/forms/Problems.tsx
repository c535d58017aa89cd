import type { SettingProblem } from "../../core/contract/workbench/common.ts";
import "./forms.css";

/** Every setting that keeps a job from starting, by name, with the one thing to do. */
export function Problems({ problems }: { readonly problems: readonly SettingProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <ul className="problem-list" role="status">
      {problems.map((problem) => (
        <li key={`${problem.setting} ${problem.message}`}>
          <b>{problem.setting}</b> {problem.message} {problem.action}
        </li>
      ))}
    </ul>
  );
}
