import { useMemo } from "react";
import type { Progress, RunSnapshot } from "../../../core/contract/workbench/runs.ts";
import { Histogram, ratingColor } from "../../charts/Histogram.tsx";
import { ParetoChart } from "../../charts/ParetoChart.tsx";
import { Panel } from "../../components/Panel.tsx";
import { formatCount, formatDecimal, formatShare, unknown } from "../../format/numbers.ts";
import { formatRate } from "../../format/time.ts";
import { text } from "../../text/en.ts";

const words = text.society;

/** Where the society is going: the figures of the last round, the path through both qualities, the ratings so far. */
export function RoundsPanel(props: {
  readonly society: NonNullable<RunSnapshot["society"]>;
  readonly progress: Progress | null;
}) {
  const { rounds, ratings, interactions } = props.society;
  const last = rounds.at(-1);
  const first = rounds[0];
  const count = rounds.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is the same object and only grows
  const points = useMemo(
    () =>
      rounds.flatMap(({ round, alignment, engagement }) =>
        alignment === null || engagement === null ? [] : [{ round, alignment, engagement }],
      ),
    [rounds, count],
  );
  const unreadable = rounds.reduce((sum, round) => sum + round.unparsedRatings, 0);
  const bars = ratings.map((amount, index) => ({ from: index + 1, to: index + 2, count: amount }));
  return (
    <>
      <dl className="figures">
        <Figure name={words.figures.interactions} value={formatCount(interactions)} />
        <Figure name={words.figures.round} value={last === undefined ? unknown : formatCount(last.round)} />
        <Figure
          name={words.figures.alignment}
          value={formatDecimal(last?.alignment)}
          change={difference(first?.alignment, last?.alignment)}
        />
        <Figure
          name={words.figures.engagement}
          value={formatDecimal(last?.engagement)}
          change={difference(first?.engagement, last?.engagement)}
        />
        <Figure name={words.figures.recall} value={formatShare(last?.recallShare)} hint={words.figures.recallHint} />
        <Figure
          name={words.figures.throughput}
          value={formatRate(props.progress?.rate, text.units.interactionsShort ?? "")}
        />
      </dl>
      <Panel title={words.pareto.title} className="pareto-panel">
        <ParetoChart label={words.pareto.title} points={points} />
      </Panel>
      <Panel title={<span title={words.distributionHint}>{words.distribution}</span>} className="ratings-panel">
        <Histogram label={words.distribution} bars={bars} color={ratingColor} counts />
        <div className="rating-axis" aria-hidden>
          {bars.map((bar) => (
            <span key={bar.from}>{bar.from}</span>
          ))}
        </div>
        {unreadable === 0 ? null : <p className="fine">{words.unparsed(formatCount(unreadable))}</p>}
      </Panel>
    </>
  );
}

function Figure(props: {
  readonly name: string;
  readonly value: string;
  readonly change?: string | null;
  readonly hint?: string;
}) {
  return (
    <div className="figure" title={props.hint}>
      <dt>{props.name}</dt>
      <dd className="numeric">
        {props.value}
        {props.change ? <small>{props.change}</small> : null}
      </dd>
    </div>
  );
}

/** Change since the first round; null while there is only one. */
function difference(first: number | null | undefined, last: number | null | undefined): string | null {
  if (first === null || first === undefined || last === null || last === undefined || first === last) return null;
  return formatDecimal(last - first, 2, true);
}
