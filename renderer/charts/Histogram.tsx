import { Label, Slider, SliderThumb, SliderTrack } from "react-aria-components";
import type { HistogramBar } from "../contractTypes.ts";
import { formatCount, formatDecimal } from "../format/numbers.ts";
import { text } from "../text/en.ts";
import "./charts.css";

export interface ShownRange {
  readonly from: number | null;
  readonly to: number | null;
}

/** Bars of counts; with `onRange`, two handles under them choose a range, both ends included. */
export function Histogram(props: {
  readonly label: string;
  readonly bars: readonly HistogramBar[];
  /** Colour of a bar by its lower end; default the accent. */
  readonly color?: (from: number) => string;
  readonly range?: ShownRange;
  readonly onRange?: (range: ShownRange) => void;
  /** Numbers above the bars. */
  readonly counts?: boolean;
}) {
  const { bars, range, onRange } = props;
  const largest = Math.max(1, ...bars.map((bar) => bar.count));
  const [first, last] = [bars[0]?.from ?? 0, bars.at(-1)?.from ?? 1];
  const [low, high] = [range?.from ?? first, range?.to ?? last];
  const within = (bar: HistogramBar) => bar.from >= low && bar.from <= high;
  const summary = bars.map((bar) => `${formatDecimal(bar.from, 0)}: ${formatCount(bar.count)}`).join(", ");
  return (
    <div className="histogram">
      <div className="histogram-bars" role="img" aria-label={`${props.label}. ${summary}`}>
        {bars.map((bar) => (
          <div
            key={bar.from}
            className={`histogram-bar${within(bar) ? "" : " outside"}`}
            title={`${formatDecimal(bar.from, 0)}: ${formatCount(bar.count)}`}
          >
            {props.counts && bar.count > 0 ? (
              <span className="chart-count numeric">{formatCount(bar.count)}</span>
            ) : null}
            <i
              style={{
                height: bar.count === 0 ? 0 : `max(1px, ${(bar.count / largest) * 100}%)`,
                background: props.color?.(bar.from) ?? "var(--accent)",
              }}
            />
          </div>
        ))}
      </div>
      {onRange === undefined || bars.length < 2 ? null : (
        <Slider
          className="histogram-range"
          minValue={first}
          maxValue={last}
          step={(bars[1]?.from ?? 1) - first}
          value={[low, high]}
          onChange={(value) => {
            const [from = first, to = last] = Array.isArray(value) ? value : [value];
            onRange({ from: from === first ? null : from, to: to === last ? null : to });
          }}
        >
          <Label className="unseen">{props.label}</Label>
          <SliderTrack className="histogram-track">
            {({ state }) => (
              <>
                <span
                  className="histogram-fill"
                  style={{
                    left: `${state.getThumbPercent(0) * 100}%`,
                    right: `${100 - state.getThumbPercent(1) * 100}%`,
                  }}
                />
                <SliderThumb index={0} className="histogram-thumb" aria-label={text.dialogues.least(props.label)} />
                <SliderThumb index={1} className="histogram-thumb" aria-label={text.dialogues.most(props.label)} />
              </>
            )}
          </SliderTrack>
        </Slider>
      )}
    </div>
  );
}

/** Colour of a bar of ratings. */
export const ratingColor = (rating: number): string => `var(--rating-${Math.min(7, Math.max(1, Math.round(rating)))})`;

/** Colour of a bar of gains: green above zero, red below. */
export const gainColor = (gain: number): string =>
  gain > 0 ? "var(--success)" : gain < 0 ? "var(--danger)" : "var(--text-3)";
