import { Children, Fragment, type ReactNode } from "react";
import { Group, Panel, Separator } from "react-resizable-panels";
import { z } from "zod";
import { useFace } from "../app/hooks.ts";
import { text } from "../text/en.ts";
import "./SplitPanes.css";

const layout = z.record(z.string(), z.number());
const parseLayout = (value: unknown) => layout.safeParse(value).data ?? null;

export interface Pane {
  readonly id: string;
  /** Smallest and first size, px or share of the whole. */
  readonly minimum?: number | string;
  readonly start?: number | string;
}

/** Panes side by side (or above each other) with dividers that keyboard and mouse move; sizes are found again. */
export function SplitPanes(props: {
  /** Name under which sizes are kept. */
  readonly id: string;
  readonly panes: readonly Pane[];
  readonly direction?: "horizontal" | "vertical";
  readonly children: ReactNode;
}) {
  const [kept, keep] = useFace(`panes.${props.id}`, parseLayout);
  const children = Children.toArray(props.children);
  const known = kept !== null && props.panes.every((pane) => pane.id in kept);
  return (
    <Group
      id={props.id}
      className="split"
      orientation={props.direction ?? "horizontal"}
      {...(known ? { defaultLayout: kept } : {})}
      onLayoutChanged={(next, meta) => meta.isUserInteraction && keep(next)}
    >
      {props.panes.map((pane, index) => (
        <Fragment key={pane.id}>
          {index === 0 ? null : <Separator className="divider" aria-label={text.actions.resizePanes} />}
          <Panel
            id={pane.id}
            className="pane"
            {...(pane.minimum === undefined ? {} : { minSize: pane.minimum })}
            {...(pane.start === undefined ? {} : { defaultSize: pane.start })}
          >
            {children[index]}
          </Panel>
        </Fragment>
      ))}
    </Group>
  );
}
