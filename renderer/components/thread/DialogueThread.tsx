import { useMemo, useState } from "react";
import type { Feedback, RatedReason, RecalledMemory } from "../../../core/contract/interaction.ts";
import type { Dialogue } from "../../../core/contract/workbench/dialogues.ts";
import { formatCount, formatDecimal, formatShare } from "../../format/numbers.ts";
import { formatDuration } from "../../format/time.ts";
import { text } from "../../text/en.ts";
import { Segmented } from "../choices.tsx";
import { InlineDiff, SideBySide } from "../diff/WordDiffView.tsx";
import { sideBySideBelow, wordDiff } from "../diff/wordDiff.ts";
import { GainChip, RatingChip, RatingProbabilities } from "../RatingChip.tsx";
import { CallList } from "./CallList.tsx";
import "./DialogueThread.css";

const words = text.dialogues.thread;

export type RevisionView = "inline" | "side" | "clean";

/** One interaction from question to observer's scores, in the colours of its moves. */
export function DialogueThread(props: {
  readonly dialogue: Dialogue;
  /** Chosen by hand; null lets the size of the changes decide. */
  readonly view: RevisionView | null;
  readonly onView: (view: RevisionView) => void;
}) {
  const { record, annotations, timing } = props.dialogue;
  const { before } = record.observer;
  return (
    <article className="thread" aria-label={`${words.label} ${record.id}`}>
      <header className="thread-head">
        <h2 className="mono">{record.id}</h2>
        <span>
          {words.agent(record.agent.id)} · {words.round(record.round)}
        </span>
        <span className={`badge ${record.agent.label}`}>{text.labels[record.agent.label]}</span>
        {annotations.excluded ? <span className="badge warning">{words.excluded}</span> : null}
        {annotations.tags.map((tag) => (
          <span key={tag} className="badge">
            {tag}
          </span>
        ))}
        {timing === null ? null : (
          <span className="fine numeric">
            {words.took(formatDuration(timing.seconds), formatCount(timing.completionTokens))}
          </span>
        )}
      </header>
      <Move move="question" title={words.question}>
        <p className="thread-text selectable">{record.question}</p>
        <Remembered memory={record.recalled} />
      </Move>
      <Move move="draft" title={words.draft}>
        <p className="thread-text selectable">{record.draft}</p>
        <Scores alignment={before.alignment} engagement={before.engagement} corrected={annotations.ratings.before} />
      </Move>
      {record.interim?.map((interim, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is the name
        <div key={index}>
          <FeedbackMove feedback={interim.feedback} />
          <Move move="revision" title={words.interim(index + 1)}>
            <p className="thread-text selectable">{interim.answer}</p>
          </Move>
        </div>
      ))}
      <FeedbackMove feedback={record.feedback} />
      <RevisionMove {...props} />
      {annotations.answer === null && annotations.note === null ? null : (
        <section className="move corrected">
          {annotations.answer === null ? null : (
            <>
              <h3>{words.rewritten}</h3>
              <p className="thread-text selectable">{annotations.answer}</p>
            </>
          )}
          {annotations.note === null ? null : (
            <>
              <h3>{words.note}</h3>
              <p className="selectable">{annotations.note}</p>
            </>
          )}
        </section>
      )}
      <CallList key={`${props.dialogue.run} ${record.id}`} calls={record.calls} />
    </article>
  );
}

function RevisionMove({ dialogue, view, onView }: Parameters<typeof DialogueThread>[0]) {
  const { record, annotations } = dialogue;
  const { draft, revision } = record;
  const diff = useMemo(() => wordDiff(draft, revision), [draft, revision]);
  const same = draft === revision;
  const shown = view ?? (diff === null || diff.keptShare < sideBySideBelow ? "side" : "inline");
  const { before, after } = record.observer;
  const gain =
    before.alignment.rating === null || after.alignment.rating === null
      ? null
      : after.alignment.rating - before.alignment.rating;
  return (
    <Move
      move="revision"
      title={words.revision}
      actions={
        same ? null : (
          <>
            {diff === null ? null : <span className="fine">{words.kept(formatShare(diff.keptShare))}</span>}
            <Segmented
              bare
              label={words.viewLabel}
              value={shown}
              onChange={onView}
              choices={(["inline", "side", "clean"] as const).map((id) => ({ id, name: words.views[id] }))}
            />
          </>
        )
      }
    >
      {same ? (
        <>
          <p className="thread-text selectable">{revision}</p>
          <p className="fine">{words.same}</p>
        </>
      ) : shown === "clean" ? (
        <p className="thread-text selectable">{revision}</p>
      ) : shown === "inline" && diff !== null ? (
        <InlineDiff diff={diff} />
      ) : (
        <SideBySide before={draft} after={revision} diff={diff !== null && diff.keptShare >= 0.15 ? diff : null} />
      )}
      <Scores
        alignment={after.alignment}
        engagement={after.engagement}
        corrected={annotations.ratings.after}
        gain={gain}
      />
    </Move>
  );
}

function Move(props: {
  readonly move: "question" | "draft" | "feedback" | "revision";
  readonly title: string;
  readonly actions?: React.ReactNode;
  readonly children: React.ReactNode;
}) {
  return (
    <section className={`move ${props.move}`}>
      <header className="move-head">
        <h3>{props.title}</h3>
        {props.actions}
      </header>
      {props.children}
    </section>
  );
}

function FeedbackMove({ feedback }: { readonly feedback: readonly Feedback[] }) {
  return (
    <Move move="feedback" title={words.feedback}>
      {feedback.length === 0 ? <p className="fine">{words.silent}</p> : null}
      <ul className="feedback-list">
        {feedback.map((one) => (
          <li key={one.peer}>
            <Rated name={words.peer(one.peer)} rated={one} />
            <Remembered memory={one.recalled} />
          </li>
        ))}
      </ul>
    </Move>
  );
}

function Scores(props: {
  readonly alignment: RatedReason;
  readonly engagement: RatedReason;
  readonly corrected: number | null;
  readonly gain?: number | null;
}) {
  return (
    <div className="scores">
      <span className="fine">{words.observer}</span>
      <Rated
        name={words.alignment}
        rated={props.alignment}
        corrected={props.corrected}
        {...(props.gain === undefined ? {} : { gain: props.gain })}
      />
      <Rated name={words.engagement} rated={props.engagement} />
    </div>
  );
}

/** One rating with its probabilities and its reason. */
function Rated(props: {
  readonly name: string;
  readonly rated: RatedReason;
  readonly corrected?: number | null;
  readonly gain?: number | null;
}) {
  const { rated, corrected = null } = props;
  return (
    <div className="rated">
      <span className="rated-name">{props.name}</span>
      <span className="rated-chips">
        <RatingChip rating={rated.rating} label={props.name} ticks={corrected === null} replaced={corrected !== null} />
        {corrected === null ? null : (
          <RatingChip rating={corrected} label={`${props.name}, ${words.corrected}`} ticks />
        )}
        {rated.probabilities === null ? null : (
          <RatingProbabilities label={props.name} probabilities={rated.probabilities} expected={rated.expected} />
        )}
        {props.gain === undefined ? null : <GainChip gain={props.gain} />}
      </span>
      <Reason reason={rated.reason} />
    </div>
  );
}

/** Reasons from this length on are cut until asked for; a model that rambles must not push the revision off the page. */
const longReason = 280;

function Reason({ reason }: { readonly reason: string }) {
  const [open, setOpen] = useState(false);
  const long = reason.length > longReason;
  return (
    <div className="rated-reason">
      <p className={`selectable${long && !open ? " clamped" : ""}`}>{reason}</p>
      {long ? (
        <button type="button" className="link" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? words.less : words.more}
        </button>
      ) : null}
    </div>
  );
}

function Remembered({ memory }: { readonly memory: RecalledMemory | null }) {
  if (memory === null) return null;
  return (
    <details className="remembered">
      <summary>
        {words.remembered} <span className="fine numeric">{words.distance(formatDecimal(memory.distance))}</span>
      </summary>
      <p className="selectable">{memory.question}</p>
      <p className="selectable quiet">{memory.answer}</p>
    </details>
  );
}
