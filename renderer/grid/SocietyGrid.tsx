import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { themeChanged, token } from "../app/theme.ts";
import { text } from "../text/en.ts";
import { drawGrid, type GridAgent, type GridColors } from "./drawGrid.ts";
import { agentAt, type GridKey, type GridLayout, type GridShape, gridKeys, gridLayout, neighbor } from "./geometry.ts";
import "./SocietyGrid.css";

export interface SocietyGridProps {
  readonly shape: GridShape;
  /** Agents now, row by row; asked for on every drawing, so a live run needs no rendering of React. */
  readonly agents: () => readonly GridAgent[];
  /** Calls back when agents changed; returns how to stop. Must be stable. */
  readonly subscribe: (changed: () => void) => () => void;
  readonly selected: number | null;
  readonly onSelect?: (agent: number | null) => void;
  /** Enter or a double click. */
  readonly onActivate?: (agent: number) => void;
  /** Who is pointed out while an agent is under the pointer or selected. Must be stable. */
  readonly related?: (agent: number) => readonly number[];
  readonly label: string;
  /** One sentence about an agent, spoken when the keyboard comes to it and shown under the pointer. */
  readonly describe: (agent: number) => string;
}

/** Milliseconds between two drawings. */
const frame = 1000 / 30;
/** One breath of the rings, milliseconds. */
const breath = 2400;

/** A society on one canvas: 40 × 40 agents cost as little as four. Arrows walk, Enter opens, Escape lets go. */
export function SocietyGrid(props: SocietyGridProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [hovered, setHovered] = useState<{ agent: number; x: number; y: number } | null>(null);
  const hover = useRef<number | null>(null);
  hover.current = hovered?.agent ?? null;
  const layout = useRef<GridLayout>(gridLayout(props.shape, 1, 1));
  const dirty = useRef(true);
  dirty.current = true;

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    return animate(element, latest, hover, layout, dirty);
  }, []);
  useEffect(
    () =>
      props.subscribe(() => {
        dirty.current = true;
      }),
    [props.subscribe],
  );

  const { rows, columns } = props.shape;
  const select = (agent: number | null) => props.onSelect?.(agent);
  const onKeyDown = (event: KeyboardEvent) => {
    if (gridKeys.includes(event.key)) {
      event.preventDefault();
      select(props.selected === null ? 0 : neighbor(props.shape, props.selected, event.key as GridKey));
    } else if (event.key === "Enter" && props.selected !== null) props.onActivate?.(props.selected);
    else if (event.key === "Escape") select(null);
  };
  const at = (event: React.MouseEvent) => {
    const area = event.currentTarget.getBoundingClientRect();
    return agentAt(layout.current, event.clientX - area.left, event.clientY - area.top);
  };
  return (
    <div
      className="society-grid"
      // The canvas is one stop of the keyboard; what is walked to is spoken by the line below.
      role="application"
      aria-roledescription={text.society.grid.role}
      aria-label={`${props.label}: ${text.society.grid.shape(rows, columns)}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onClick={(event) => select(at(event))}
      onDoubleClick={(event) => {
        const agent = at(event);
        if (agent !== null) props.onActivate?.(agent);
      }}
      onMouseMove={(event) => {
        const agent = at(event);
        const area = event.currentTarget.getBoundingClientRect();
        setHovered(agent === null ? null : { agent, x: event.clientX - area.left, y: event.clientY - area.top });
      }}
      onMouseLeave={() => setHovered(null)}
    >
      <canvas ref={canvas} aria-hidden />
      <p className="unseen" aria-live="polite">
        {props.selected === null ? "" : props.describe(props.selected)}
      </p>
      {hovered === null ? null : (
        <p className="tooltip grid-tip" style={{ left: hovered.x + 14, top: hovered.y + 14 }} aria-hidden>
          {props.describe(hovered.agent)}
        </p>
      )}
    </div>
  );
}

/** Draws when something changed, and gently while somebody is at work. Returns how to stop. */
function animate(
  canvas: HTMLCanvasElement,
  latest: React.RefObject<SocietyGridProps>,
  hovered: React.RefObject<number | null>,
  layout: React.RefObject<GridLayout>,
  dirty: React.RefObject<boolean>,
): () => void {
  const context = canvas.getContext("2d");
  if (context === null) return () => {};
  let colors = gridColors();
  let [width, height] = [0, 0];
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const observer = new ResizeObserver(() => {
    const scale = devicePixelRatio;
    [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    dirty.current = true;
  });
  observer.observe(canvas);
  const retheme = () => {
    colors = gridColors();
    dirty.current = true;
  };
  window.addEventListener(themeChanged, retheme);
  let request = 0;
  let last = 0;
  const tick = (now: number) => {
    request = requestAnimationFrame(tick);
    if (now - last < frame - 2 || width === 0) return;
    const { agents: agentsNow, shape, selected, related } = latest.current;
    const agents = agentsNow();
    const breathing = !still.matches && agents.some((agent) => agent.move !== "idle");
    if (!dirty.current && !breathing) return;
    last = now;
    dirty.current = false;
    layout.current = gridLayout(shape, width - 8, height - 8);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, width, height);
    const pointed = hovered.current ?? selected;
    layout.current = { ...layout.current, left: layout.current.left + 4, top: layout.current.top + 4 };
    const scene = {
      layout: layout.current,
      agents,
      selected,
      hovered: hovered.current,
      marked: new Set(pointed === null || related === undefined ? [] : related(pointed)),
      breath: breathing ? 0.5 + 0.5 * Math.sin((now / breath) * 2 * Math.PI) : 1,
    };
    drawGrid(context, scene, colors);
  };
  request = requestAnimationFrame(tick);
  return () => {
    cancelAnimationFrame(request);
    observer.disconnect();
    window.removeEventListener(themeChanged, retheme);
  };
}

function gridColors(): GridColors {
  return {
    ratings: [1, 2, 3, 4, 5, 6, 7].map((rating) => token(`--rating-${rating}`)),
    onLow: token("--on-rating-low"),
    onHigh: token("--on-rating-high"),
    idle: token("--idle"),
    moves: {
      draft: token("--draft"),
      feedback: token("--feedback"),
      revision: token("--revision"),
      observer: token("--observer"),
    },
    text: token("--text"),
    notch: token("--notch"),
    labels: { good: token("--label-good"), bad: token("--label-bad") },
    font: token("--font"),
  };
}

/** What the colours of the grid mean; in a preview nobody has moved or been rated yet. */
export function GridLegend({ preview = false }: { readonly preview?: boolean }) {
  const { grid } = text.society;
  return (
    <div className="grid-legend">
      {preview ? (
        <span className="legend-move">
          <i style={{ background: "var(--label-good)", borderColor: "transparent" }} />
          {grid.good}
        </span>
      ) : (
        <>
          {(["draft", "feedback", "revision", "observer"] as const).map((move) => (
            <span key={move} className="legend-move">
              <i style={{ borderColor: `var(--${move})` }} />
              {text.moves[move]}
            </span>
          ))}
          <span className="legend-scale">
            {grid.rating}
            {[1, 2, 3, 4, 5, 6, 7].map((rating) => (
              <b
                key={rating}
                style={{
                  background: `var(--rating-${rating})`,
                  color: rating <= 3 ? "var(--on-rating-low)" : "var(--on-rating-high)",
                }}
              >
                {rating}
              </b>
            ))}
          </span>
        </>
      )}
      <span className="legend-move">
        <svg width="12" height="12" aria-hidden="true">
          {preview ? <rect width="12" height="12" rx="3" fill="var(--label-bad)" /> : null}
          <path d="M2 2h7L2 9z" fill="var(--notch)" />
        </svg>
        {grid.bad}
      </span>
    </div>
  );
}
