import type { ReactNode } from "react";

/** The top line of a screen: its name, what is being looked at, what can be done. */
export function ScreenBar(props: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <header className="screen-bar">
      <h1>{props.title}</h1>
      {props.children}
      <div className="grow" />
      {props.actions}
    </header>
  );
}
