import type { ReactNode } from "react";
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  Tooltip,
  TooltipTrigger,
} from "react-aria-components";
import "./controls.css";

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "style" | "children"> {
  readonly children?: ReactNode;
  /** `primary`: the one thing to do here. `plain`: bordered. `quiet`: no border until hovered. Default `plain`. */
  readonly look?: "primary" | "plain" | "quiet" | "danger";
  readonly small?: boolean;
  readonly icon?: ReactNode;
  /** What the button does, shown on hover and focus; the accessible name where there is no text. */
  readonly hint?: string;
  /** Key that does the same, shown in the hint. */
  readonly keys?: string;
  readonly pressed?: boolean;
}

export function Button({ children, look = "plain", small, icon, hint, keys, pressed, ...rest }: ButtonProps) {
  const button = (
    <AriaButton
      {...rest}
      {...(children === undefined && hint !== undefined ? { "aria-label": hint } : {})}
      {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
      className={`button ${look}${small ? " small" : ""}${children === undefined ? " icon-only" : ""}`}
    >
      {icon}
      {children === undefined ? null : <span>{children}</span>}
    </AriaButton>
  );
  if (hint === undefined && keys === undefined) return button;
  return (
    <TooltipTrigger delay={500} closeDelay={80}>
      {button}
      <Tooltip className="tooltip" offset={6}>
        {hint}
        {keys === undefined ? null : <kbd>{keys}</kbd>}
      </Tooltip>
    </TooltipTrigger>
  );
}
