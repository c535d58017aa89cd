import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { Button, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import "./forms.css";

/** A part of a form that opens and closes; by itself, or as `expanded` says. */
export function Section(props: {
  readonly title: string;
  readonly children: ReactNode;
  /** Stands open from the start. */
  readonly open?: boolean;
  readonly expanded?: boolean;
  readonly onExpand?: (expanded: boolean) => void;
  readonly note?: ReactNode;
}) {
  const { expanded, onExpand } = props;
  return (
    <Disclosure
      className="section"
      {...(expanded === undefined ? { defaultExpanded: props.open ?? false } : { isExpanded: expanded })}
      {...(onExpand === undefined ? {} : { onExpandedChange: onExpand })}
    >
      <Heading level={2} className="section-head">
        <Button slot="trigger" className="section-toggle">
          <ChevronRight size={14} aria-hidden />
          {props.title}
          {props.note}
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
