/** Paints a society: fill = the observer's rating of the last revision, ring = what the agent does now. */
import type { AgentMove } from "../../core/contract/workbench/runs.ts";
import { cellPosition, type GridLayout } from "./geometry.ts";

/** What is drawn of an agent. */
export interface GridAgent {
  readonly label: "good" | "bad";
  readonly move: AgentMove;
  /** Peers that are being asked, with `feedback`. */
  readonly peers: readonly number[];
  /** 1-7; null before the first answer or when it could not be read; `unborn` in a preview, where the label fills the cell. */
  readonly rating: number | null | "unborn";
}

/** Colours by meaning, read from the design tokens. */
export interface GridColors {
  readonly ratings: readonly string[];
  readonly onLow: string;
  readonly onHigh: string;
  readonly idle: string;
  /** Fill of agents that have not spoken, by how they start. */
  readonly labels: Readonly<Record<"good" | "bad", string>>;
  readonly moves: Readonly<Record<Exclude<AgentMove, "idle">, string>>;
  readonly text: string;
  /** The mark of agents that start bad. */
  readonly notch: string;
  readonly font: string;
}

export interface GridScene {
  readonly layout: GridLayout;
  readonly agents: readonly GridAgent[];
  readonly selected: number | null;
  readonly hovered: number | null;
  /** Agents to point out, e.g. the neighbours of the one under the pointer. */
  readonly marked: ReadonlySet<number>;
  /** 0-1: strength of the rings; moves slowly while somebody is at work. */
  readonly breath: number;
}

/** Cells from this size on show the number. */
const numberFrom = 22;
/** Below this size a ring would hide the fill: the move takes the whole cell. */
const ringFrom = 16;

export function drawGrid(context: CanvasRenderingContext2D, scene: GridScene, colors: GridColors): void {
  const { layout, agents } = scene;
  const { cell } = layout;
  const radius = cell >= 40 ? 6 : cell >= 20 ? 4 : 1;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `600 ${Math.round(Math.min(17, Math.max(10, cell * 0.36)))}px ${colors.font}`;
  for (const [index, agent] of agents.entries()) {
    const { x, y } = cellPosition(layout, index);
    const moving = agent.move !== "idle";
    const moveColor = agent.move === "idle" ? colors.idle : colors.moves[agent.move];
    // While an agent works its fill draws back, so that the ring stands by itself.
    const inset = moving && cell >= ringFrom ? (cell >= 32 ? 6 : 3) : 0;
    context.fillStyle = moving && cell < ringFrom ? moveColor : fillOf(agent, colors);
    box(context, x + inset, y + inset, cell - 2 * inset, Math.max(1, radius - inset / 2));
    context.fill();
    if (cell >= numberFrom && typeof agent.rating === "number") {
      context.fillStyle = agent.rating <= 3 ? colors.onLow : colors.onHigh;
      context.fillText(String(Math.round(agent.rating)), x + cell / 2, y + cell / 2 + 0.5);
    }
    if (agent.label === "bad" && cell >= ringFrom) corner(context, x + inset, y + inset, cell, colors.notch);
    if (moving && cell >= ringFrom) {
      context.globalAlpha = 0.6 + 0.4 * scene.breath;
      ring(context, x, y, cell, radius, cell >= 32 ? 3 : 2, moveColor);
      context.globalAlpha = 1;
    }
    if (scene.marked.has(index)) ring(context, x, y, cell, radius, 2, colors.moves.feedback);
  }
  if (scene.selected !== null) drawAsking(context, scene, scene.selected, colors);
  outline(context, scene, scene.hovered, 1, radius, colors.text);
  outline(context, scene, scene.selected, 2, radius, colors.text);
}

function fillOf({ rating, label }: GridAgent, colors: GridColors): string {
  if (rating === "unborn") return colors.labels[label];
  if (rating === null) return colors.idle;
  return colors.ratings[Math.min(7, Math.max(1, Math.round(rating))) - 1] ?? colors.idle;
}

function box(context: CanvasRenderingContext2D, x: number, y: number, size: number, radius: number): void {
  context.beginPath();
  context.roundRect(x, y, size, size, radius);
}

function ring(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  size: number,
  radius: number,
  width: number,
  color: string,
): void {
  context.strokeStyle = color;
  context.lineWidth = width;
  box(context, x + width / 2, y + width / 2, size - width, Math.max(0, radius - width / 2));
  context.stroke();
}

/** The notch of agents that start as bad: a shape, so that it reads without colour. */
function corner(context: CanvasRenderingContext2D, x: number, y: number, size: number, color: string): void {
  const side = Math.max(5, Math.min(10, size * 0.2));
  context.fillStyle = color;
  context.beginPath();
  context.moveTo(x + 3, y + 3);
  context.lineTo(x + 3 + side, y + 3);
  context.lineTo(x + 3, y + 3 + side);
  context.closePath();
  context.fill();
}

/** Lines from the peers whose feedback the followed agent waits for. */
function drawAsking(context: CanvasRenderingContext2D, scene: GridScene, agent: number, colors: GridColors): void {
  const state = scene.agents[agent];
  if (state === undefined || state.move !== "feedback") return;
  const { layout } = scene;
  const center = (index: number) => {
    const { x, y } = cellPosition(layout, index);
    return { x: x + layout.cell / 2, y: y + layout.cell / 2 };
  };
  const to = center(agent);
  context.strokeStyle = colors.moves.feedback;
  context.lineWidth = 2;
  for (const peer of state.peers) {
    const from = center(peer);
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
    context.fillStyle = colors.moves.feedback;
    context.beginPath();
    context.arc(from.x, from.y, 4, 0, Math.PI * 2);
    context.fill();
  }
}

function outline(
  context: CanvasRenderingContext2D,
  scene: GridScene,
  agent: number | null,
  width: number,
  radius: number,
  color: string,
): void {
  if (agent === null || agent >= scene.agents.length) return;
  const { x, y } = cellPosition(scene.layout, agent);
  const out = Math.min(scene.layout.gap, 2);
  context.strokeStyle = color;
  context.lineWidth = width;
  box(context, x - out, y - out, scene.layout.cell + 2 * out, radius + out);
  context.stroke();
}
