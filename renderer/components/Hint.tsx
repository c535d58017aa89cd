import type { ReactNode } from "react";
import { Button, Tooltip, TooltipTrigger } from "react-aria-components";
import "./controls.css";

/** Text that explains itself on hover and on focus, e.g. a term of the paper. */
export function Hint({ children, hint }: { readonly children: ReactNode; readonly hint: ReactNode }) {
  return (
    <TooltipTrigger delay={300} closeDelay={80}>
      <Button className="hinted">{children}</Button>
      <Tooltip className="tooltip" offset={6}>
        {hint}
      </Tooltip>
    </TooltipTrigger>
  );
}
