import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { Button, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import "./forms.css";

/** A part of a form that opens and closes. */
export function Section(props: {
  readonly title: string;
  readonly open?: boolean;
  readonly children: ReactNode;
  readonly note?: ReactNode;
}) {
  return (
    <Disclosure className="section" defaultExpanded={props.open ?? false}>
      <Heading level={2} className="section-head">
        <Button slot="trigger" className="section-toggle">
          <ChevronRight size={14} aria-hidden />
          {props.title}
          {props.note === undefined ? null : <span className="section-note truncate">{props.note}</span>}
        </Button>
      </Heading>
      <DisclosurePanel className="section-panel">
        <div className="section-body">{props.children}</div>
      </DisclosurePanel>
    </Disclosure>
  );
}

/** Fields side by side, as many as fit. */
export function Row({ children }: { readonly children: ReactNode }) {
  return <div className="field-columns">{children}</div>;
}
