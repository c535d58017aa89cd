import { memo } from "react";
import { formatDecimal } from "../format/numbers.ts";
import { text } from "../text/en.ts";
import { type ParetoPoint, paretoPath } from "./paretoPath.ts";
import { useSize } from "./useSize.ts";
import "./charts.css";

/** Rounds drawn one by one; those before them are one faint line, so that a run of thousands costs no more. */
const mostSingle = 150;

/**
 * The path of a society through alignment (up) and engagement (right), round by round (paper, section 4): better is
 * towards the upper right. `points` must be the same list while there are no more of them.
 */
export const ParetoChart = memo(function ParetoChart(props: {
  readonly points: readonly ParetoPoint[];
  readonly label: string;
}) {
  const [ref, { width, height }] = useSize<HTMLDivElement>();
  const plot = paretoPath(props.points, width, height);
  const [first, last] = [props.points[0], props.points.at(-1)];
  const { dots } = plot;
  const old = Math.max(0, dots.length - mostSingle);
  const named = new Set(plot.labels.map(({ round }) => round));
  const summary =
    first === undefined || last === undefined
      ? text.society.pareto.none
      : text.society.pareto.summary(
          props.points.length,
          formatDecimal(first.alignment),
          formatDecimal(last.alignment),
          formatDecimal(first.engagement),
          formatDecimal(last.engagement),
        );
  return (
    <div ref={ref} className="pareto">
      {width === 0 ? null : (
        <svg width={width} height={height} role="img" aria-label={`${props.label}. ${summary}`}>
          {plot.yTicks.map((tick) => (
            <g key={`y${tick.value}`}>
              <line x1={plot.left} x2={width - 8} y1={tick.at} y2={tick.at} className="chart-line" />
              <text x={plot.left - 6} y={tick.at + 4} textAnchor="end" className="chart-tick">
                {tick.value}
              </text>
            </g>
          ))}
          {plot.xTicks.map((tick) => (
            <g key={`x${tick.value}`}>
              <line x1={tick.at} x2={tick.at} y1={plot.top} y2={plot.bottom} className="chart-line" />
              <text x={tick.at} y={plot.bottom + 15} textAnchor="middle" className="chart-tick">
                {tick.value}
              </text>
            </g>
          ))}
          <text x={width - 8} y={height - 5} textAnchor="end" className="chart-name">
            {text.society.engagement} →
          </text>
          <text x={4} y={14} className="chart-name">
            ↑ {text.society.alignment}
          </text>
          {old === 0 ? null : (
            <polyline
              points={dots
                .slice(0, old + 1)
                .map(({ x, y }) => `${x},${y}`)
                .join(" ")}
              fill="none"
              className="pareto-step"
              opacity={dots[0]?.strength}
            />
          )}
          {dots.slice(old + 1).map((dot, index) => (
            <line
              key={dot.round}
              x1={dots[old + index]?.x}
              y1={dots[old + index]?.y}
              x2={dot.x}
              y2={dot.y}
              className="pareto-step"
              opacity={dot.strength}
            />
          ))}
          {dots.map((dot, index) =>
            index < old && !named.has(dot.round) ? null : (
              <circle
                key={dot.round}
                cx={dot.x}
                cy={dot.y}
                r={dot.radius}
                fill={dot.round === last?.round ? "var(--revision)" : "var(--surface)"}
                stroke="var(--revision)"
                strokeWidth={1.5}
                opacity={dot.strength}
              >
                <title>
                  {text.society.pareto.point(dot.round, formatDecimal(dot.alignment), formatDecimal(dot.engagement))}
                </title>
              </circle>
            ),
          )}
          {plot.labels.map(({ round, x, y }) => (
            <text key={round} x={x} y={y} textAnchor="middle" className="chart-tick strong">
              {round}
            </text>
          ))}
        </svg>
      )}
    </div>
  );
});
