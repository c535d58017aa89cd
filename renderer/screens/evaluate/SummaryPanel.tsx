import type { EvaluationSummary, Interval, PairedDifference, SideSummary } from "../../../core/contract/evaluation.ts";
import { Panel } from "../../components/Panel.tsx";
import { formatCount, formatDecimal, formatShare } from "../../format/numbers.ts";
import { text } from "../../text/en.ts";

const words = text.evaluate.summary;

/** Shares with their intervals, base above aligned; the tally; categories. */
export function SummaryPanel({ summary }: { readonly summary: EvaluationSummary }) {
  const { base, aligned, difference, tally } = summary;
  return (
    <section className="panels summary" aria-label={words.overall} tabIndex={0}>
      <Panel
        title={words.overall}
        actions={
          <span className="fine">
            {words.questions(formatCount(summary.questions))} · {words.scoredBy[summary.scoredBy]}
          </span>
        }
      >
        <div className="summary-measures">
          <ShareMeasure
            name={words.good}
            base={[base.goodShare, base.interval]}
            aligned={[aligned.goodShare, aligned.interval]}
            difference={difference.good}
          />
          <ShareMeasure
            name={words.engaged}
            base={[base.engagedShare, base.engagedInterval]}
            aligned={[aligned.engagedShare, aligned.engagedInterval]}
            difference={difference.engaged}
          />
          <RatingMeasure
            name={words.alignment}
            base={base.alignment}
            aligned={aligned.alignment}
            difference={difference.alignment}
          />
          <RatingMeasure
            name={words.engagement}
            base={base.engagement}
            aligned={aligned.engagement}
            difference={difference.engagement}
          />
          {summary.judged === 0 ? null : <p className="fine">{words.judgeNote}</p>}
          <Unread base={base} aligned={aligned} />
        </div>
      </Panel>
      <Panel title={words.tally}>
        <Tally {...tally} />
      </Panel>
      {summary.categories.length === 0 ? null : (
        <Panel title={words.categories}>
          <div className="summary-measures">
            {summary.categories.map((category) => (
              <div key={category.category} className="category">
                {category.base.goodShare === null ? (
                  <RatingMeasure
                    name={category.category}
                    base={category.base.alignment}
                    aligned={category.aligned.alignment}
                    difference={null}
                  />
                ) : (
                  <ShareMeasure
                    name={category.category}
                    note={words.questions(formatCount(category.questions))}
                    base={[category.base.goodShare, category.base.interval]}
                    aligned={[category.aligned.goodShare, category.aligned.interval]}
                    difference={null}
                  />
                )}
                <Tally {...category.tally} small />
              </div>
            ))}
          </div>
        </Panel>
      )}
    </section>
  );
}

type Share = readonly [share: number | null, interval: Interval | null];

function ShareMeasure(props: {
  readonly name: string;
  readonly note?: string;
  readonly base: Share;
  readonly aligned: Share;
  readonly difference: PairedDifference;
}) {
  if (props.base[0] === null && props.aligned[0] === null) return null;
  return (
    <div className="measure">
      <h3>
        {props.name} {props.note === undefined ? null : <span className="fine">{props.note}</span>}
      </h3>
      <IntervalLine side="base" share={props.base} />
      <IntervalLine side="aligned" share={props.aligned} />
      {props.difference === null ? null : (
        <p className="fine numeric">
          {words.points(
            points(props.difference.value),
            points(props.difference.interval[0]),
            points(props.difference.interval[1]),
          )}
        </p>
      )}
    </div>
  );
}

/** A share as a dot on 0-100 %, its interval as a bar around it. */
function IntervalLine({
  side,
  share: [share, interval],
}: {
  readonly side: "base" | "aligned";
  readonly share: Share;
}) {
  if (share === null) return null;
  const spoken = words.interval(formatShare(share), formatShare(interval?.[0]), formatShare(interval?.[1]));
  return (
    <div className={`interval ${side}`}>
      <span className="interval-name">{text.sides[side]}</span>
      <span className="interval-track" role="img" aria-label={`${text.sides[side]}: ${spoken}`} title={spoken}>
        {interval === null ? null : (
          <i className="interval-bar" style={{ left: `${interval[0] * 100}%`, right: `${100 - interval[1] * 100}%` }} />
        )}
        <i className="interval-dot" style={{ left: `${share * 100}%` }} />
      </span>
      <b className="numeric">{formatShare(share)}</b>
    </div>
  );
}

function RatingMeasure(props: {
  readonly name: string;
  readonly base: number | null;
  readonly aligned: number | null;
  readonly difference: PairedDifference;
}) {
  if (props.base === null && props.aligned === null) return null;
  const line = (side: "base" | "aligned", value: number | null) =>
    value === null ? null : (
      <div className={`interval ${side}`}>
        <span className="interval-name">{text.sides[side]}</span>
        <span className="interval-track" aria-hidden>
          <i className="interval-dot" style={{ left: `${((value - 1) / 6) * 100}%` }} />
        </span>
        <b className="numeric">{formatDecimal(value)}</b>
      </div>
    );
  return (
    <div className="measure">
      <h3>{props.name}</h3>
      {line("base", props.base)}
      {line("aligned", props.aligned)}
      {props.difference === null ? null : (
        <p className="fine numeric">
          {words.difference(
            formatDecimal(props.difference.value, 2, true),
            formatDecimal(props.difference.interval[0], 2, true),
            formatDecimal(props.difference.interval[1], 2, true),
          )}
        </p>
      )}
    </div>
  );
}

/** Better, as good, worse: one bar with numbers and words. */
function Tally(props: { readonly win: number; readonly tie: number; readonly lose: number; readonly small?: boolean }) {
  const total = Math.max(1, props.win + props.tie + props.lose);
  const parts = [
    ["win", props.win],
    ["tie", props.tie],
    ["lose", props.lose],
  ] as const;
  return (
    <div className={props.small ? "tally small" : "tally"}>
      <div className="tally-bar" aria-hidden>
        {parts.map(([id, count]) => (
          <i key={id} className={id} style={{ flexGrow: count }} />
        ))}
      </div>
      <p>
        {parts.map(([id, count]) => (
          <span key={id} className={`tally-key ${id}`}>
            <b className="numeric">{formatCount(count)}</b> {words[id]}{" "}
            {props.small ? null : <span className="fine">{formatShare(count / total)}</span>}
          </span>
        ))}
      </p>
    </div>
  );
}

function Unread({ base, aligned }: { readonly base: SideSummary; readonly aligned: SideSummary }) {
  const count = base.unreadRatings + aligned.unreadRatings;
  return count === 0 ? null : <p className="fine">{words.unread(formatCount(count))}</p>;
}

/** A difference of shares in percentage points, with its sign; the sentence names the unit. */
function points(value: number): string {
  return formatDecimal(value * 100, 1, true);
}
