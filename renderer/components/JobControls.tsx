import { Pause, Play, Square, StepForward } from "lucide-react";
import type { JobAction, JobState } from "../../core/contract/workbench/runs.ts";
import { useWorkbench } from "../app/hooks.ts";
import { isLive } from "../stores/lists.ts";
import { text } from "../text/en.ts";
import { Button } from "./Button.tsx";

/** Exactly what can be asked of a job now: the service says what that is. */
export function JobControls(props: {
  readonly job: string;
  /** Its run, when it is one: runs that ended early can go on. */
  readonly run: string | null;
  readonly state: JobState;
  readonly actions: readonly JobAction[];
  /** Icons only. */
  readonly short?: boolean;
}) {
  const workbench = useWorkbench();
  const { job, run, actions, state } = props;
  const control = (action: JobAction) => () =>
    void workbench.attempt(() => workbench.client.jobs.control({ job, action }));
  const resume = () =>
    isLive(state)
      ? control("resume")()
      : void workbench.attempt(() => workbench.client.jobs.resume({ run: run ?? job }));
  const can = (action: JobAction) => actions.includes(action);
  const label = (name: string) => (props.short ? {} : { children: name });
  return (
    <>
      {can("pause") ? (
        <Button
          small
          icon={<Pause size={13} />}
          hint={text.actions.pause}
          onPress={control("pause")}
          {...label(text.actions.pause)}
        />
      ) : null}
      {can("step") ? (
        <Button
          small
          icon={<StepForward size={13} />}
          hint={text.actions.step}
          onPress={control("step")}
          {...label(text.society.stepShort)}
        />
      ) : null}
      {can("resume") ? (
        <Button
          small
          icon={<Play size={13} />}
          hint={text.actions.resume}
          onPress={resume}
          {...label(text.actions.resume)}
        />
      ) : null}
      {can("stop") ? (
        <Button
          small
          icon={<Square size={12} />}
          hint={text.actions.stop}
          onPress={control("stop")}
          {...label(text.actions.stop)}
        />
      ) : null}
    </>
  );
}
