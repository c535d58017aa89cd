import { Check, CircleAlert, CircleDashed, CircleDot, CirclePause, CircleStop, Clock } from "lucide-react";
import type { JobState } from "../../core/contract/workbench/runs.ts";
import { text } from "../text/en.ts";
import "./StateBadge.css";

const icons = {
  waiting: Clock,
  running: CircleDot,
  pausing: CircleDashed,
  paused: CirclePause,
  stopping: CircleDashed,
  stopped: CircleStop,
  failed: CircleAlert,
  finished: Check,
} as const;

/** The state of a job: a sign and its word. */
export function StateBadge({ state }: { readonly state: JobState }) {
  const Icon = icons[state];
  return (
    <span className={`badge state ${state}`}>
      <Icon size={12} aria-hidden />
      {text.states[state]}
    </span>
  );
}
