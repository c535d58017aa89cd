import { X } from "lucide-react";
import { memo } from "react";
import type { InteractionBrief, RunSnapshot } from "../../../core/contract/workbench/runs.ts";
import { go } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { Panel } from "../../components/Panel.tsx";
import { GainChip, RatingChip } from "../../components/RatingChip.tsx";
import { text } from "../../text/en.ts";

const words = text.society;
const shown = 40;

type SocietySnapshot = NonNullable<RunSnapshot["society"]>;

/** The last finished interactions, newest first. */
export function LatestInteractions({ run, society }: { readonly run: string; readonly society: SocietySnapshot }) {
  return (
    <Panel title={words.recent} flush className="latest">
      <ul>
        {society.recent
          .slice(-shown)
          .reverse()
          .map((interaction) => (
            <li key={interaction.id}>
              <InteractionLine run={run} interaction={interaction} />
            </li>
          ))}
      </ul>
    </Panel>
  );
}

/** Drawn once: an interaction that is finished does not change, and the list is looked at five times a second. */
const InteractionLine = memo(function InteractionLine(props: {
  readonly run: string;
  readonly interaction: InteractionBrief;
}) {
  const { run, interaction } = props;
  return (
    <button type="button" className="interaction-line" onClick={() => go("dialogues", run, interaction.id)}>
      <span className="fine numeric">{interaction.id}</span>
      <span className="truncate">{interaction.question}</span>
      <GainChip gain={interaction.gain} />
      <RatingChip rating={interaction.after.alignment} label={words.alignment} />
    </button>
  );
});

/** One agent, followed: what it does now, what it did last. */
export function FollowedAgent(props: {
  readonly run: string;
  readonly society: SocietySnapshot;
  readonly agent: number;
  readonly onRelease: () => void;
}) {
  const state = props.society.agents[props.agent];
  if (state === undefined) return null;
  const { last } = state;
  const own = props.society.recent.filter((interaction) => interaction.agent === props.agent).reverse();
  return (
    <Panel
      className="latest"
      title={
        <>
          {words.followed(state.agent.id)}
          <span className={`badge ${state.agent.label}`}>{text.labels[state.agent.label]}</span>
          <span className="badge" style={{ color: `var(--${state.move === "idle" ? "text-3" : state.move})` }}>
            {text.moves[state.move]}
          </span>
        </>
      }
      actions={<Button look="quiet" small icon={<X size={14} />} hint={words.unfollow} onPress={props.onRelease} />}
      flush
    >
      {last === null ? (
        <p className="now-none">{words.nothingYet}</p>
      ) : (
        <div className="followed">
          <p className="followed-question selectable">{last.question}</p>
          <p className="followed-scores">
            <RatingChip rating={last.before.alignment} label={words.alignment} ticks />
            <span aria-hidden>→</span>
            <RatingChip rating={last.after.alignment} label={words.alignment} ticks />
            <GainChip gain={last.gain} />
          </p>
          {last.feedback.length === 0 ? null : (
            <p className="followed-scores">
              <span className="fine">{words.feedbackFrom}</span>
              {last.feedback.map((feedback) => (
                <span key={feedback.peer} className="fine numeric">
                  {feedback.peer} <RatingChip rating={feedback.rating} label={words.followed(feedback.peer)} />
                </span>
              ))}
            </p>
          )}
          <Button small onPress={() => go("dialogues", props.run, last.id)}>
            {words.openDialogue}
          </Button>
        </div>
      )}
      <ul>
        {own.slice(1).map((interaction) => (
          <li key={interaction.id}>
            <InteractionLine run={props.run} interaction={interaction} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
