import { Component, type ReactNode } from "react";
import { Button } from "../components/Button.tsx";
import { EmptyState } from "../components/EmptyState.tsx";
import { text } from "../text/en.ts";

/** A fault of one screen leaves the rest of the window as it is. */
export class ScreenBoundary extends Component<{ readonly children: ReactNode }, { readonly broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <EmptyState
        title={text.shell.crashed}
        actions={<Button onPress={() => window.location.reload()}>{text.shell.reload}</Button>}
      >
        {text.shell.crashedText}
      </EmptyState>
    );
  }
}
