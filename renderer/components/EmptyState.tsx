import type { ReactNode } from "react";
import "./EmptyState.css";

/** What belongs here, why, and how to get the first one. */
export function EmptyState(props: {
  readonly icon?: ReactNode;
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <div className="empty">
      {props.icon === undefined ? null : <div className="empty-icon">{props.icon}</div>}
      <h2>{props.title}</h2>
      {props.children === undefined ? null : <div className="empty-text">{props.children}</div>}
      {props.actions === undefined ? null : <div className="empty-actions">{props.actions}</div>}
    </div>
  );
}
