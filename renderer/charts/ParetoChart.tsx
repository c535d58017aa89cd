import { formatDecimal } from "../format/numbers.ts";
import { text } from "../text/en.ts";
import { type ParetoPoint, paretoPath } from "./paretoPath.ts";
import { useSize } from "./useSize.ts";
import "./charts.css";

/**
 * The path of a society through alignment (up) and engagement (right), round by round (paper, section 4): better is
 * towards the upper right. Other runs may lie under it.
 */
export function ParetoChart(props: { readonly points: readonly ParetoPoint[]; readonly label: string }) {
  const [ref, { width, height }] = useSize<HTMLDivElement>();
  const plot = paretoPath(props.points, width, height);
  const [first, last] = [props.points[0], props.points.at(-1)];
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
          {plot.dots.slice(1).map((dot, index) => (
            <line
              key={dot.round}
              x1={plot.dots[index]?.x}
              y1={plot.dots[index]?.y}
              x2={dot.x}
              y2={dot.y}
              className="pareto-step"
              opacity={dot.strength}
            />
          ))}
          {plot.dots.map((dot, index) => (
            <circle
              key={dot.round}
              cx={dot.x}
              cy={dot.y}
              r={index === plot.dots.length - 1 ? 5 : 3.5}
              fill={index === plot.dots.length - 1 ? "var(--revision)" : "var(--surface)"}
              stroke="var(--revision)"
              strokeWidth={1.5}
              opacity={dot.strength}
            >
              <title>
                {text.society.pareto.point(dot.round, formatDecimal(dot.alignment), formatDecimal(dot.engagement))}
              </title>
            </circle>
          ))}
          {plot.labels.map((dot) => (
            <text
              key={dot.round}
              x={dot.side === "right" ? dot.x + 8 : dot.x - 8}
              y={dot.y + 4}
              textAnchor={dot.side === "right" ? "start" : "end"}
              className="chart-tick strong"
            >
              {dot.round}
            </text>
          ))}
        </svg>
      )}
    </div>
  );
}
