import { useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import { DropTarget } from "../app/drop/DropTarget.tsx";
import { go, useRoute, useWorkbench } from "../app/hooks.ts";
import { screenViews } from "../screens/index.ts";
import { text } from "../text/en.ts";
import { type Command, numbered, shellCommands } from "./commands.ts";
import { KeySheet } from "./KeySheet.tsx";
import { Palette } from "./Palette.tsx";
import { Rail } from "./Rail.tsx";
import { ScreenBoundary } from "./ScreenBoundary.tsx";
import { StatusBar } from "./StatusBar.tsx";
import { ToastList } from "./ToastList.tsx";
import "./Shell.css";

/** The window: rail, screen, status bar, and what may lie above them. */
export function Shell() {
  const { screen } = useRoute();
  const workbench = useWorkbench();
  const lost = useStore(workbench.connection.state, (state) => state.kind === "lost");
  const [paletteOpen, setPaletteOpen] = useState(false);
  const [keysOpen, setKeysOpen] = useState(false);
  useShellKeys({ openPalette: () => setPaletteOpen(true), openKeys: () => setKeysOpen(true) });
  // Made when it opens: runs come and go.
  const commands = useMemo<readonly Command[]>(
    () => (paletteOpen ? shellCommands(workbench, () => setKeysOpen(true)) : []),
    [workbench, paletteOpen],
  );
  const View = screenViews[screen];
  // Whoever goes elsewhere is done with what lay above the screen before.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another screen closes it
  useEffect(() => {
    setPaletteOpen(false);
    setKeysOpen(false);
  }, [screen]);
  useEffect(() => {
    document.title = `${text.screens[screen]} · ${text.product}`;
  }, [screen]);
  return (
    <div className="shell">
      {/* biome-ignore lint/a11y/useValidAnchor: a skip link; its target takes the focus without a step in the history */}
      <a className="skip" href="#content" onClick={(event) => skipToContent(event)}>
        {text.shell.skip}
      </a>
      <Rail />
      <main className="content" id="content" tabIndex={-1}>
        {lost ? (
          <p className="lost-banner" role="status">
            {text.shell.lostLong}
          </p>
        ) : null}
        <ScreenBoundary key={screen}>
          <View />
        </ScreenBoundary>
      </main>
      <StatusBar />
      <ToastList />
      <Palette open={paletteOpen} commands={commands} onClose={() => setPaletteOpen(false)} />
      <DropTarget />
      <KeySheet open={keysOpen} onClose={() => setKeysOpen(false)} />
    </div>
  );
}

function skipToContent(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function useShellKeys(open: { readonly openPalette: () => void; readonly openKeys: () => void }): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const command = event.ctrlKey || event.metaKey;
      const digit = command && !event.altKey && !event.shiftKey ? Number(event.key) : Number.NaN;
      const screen = numbered[digit - 1];
      if (screen !== undefined) go(screen);
      else if (command && event.key === ",") go("settings");
      else if (command && event.key.toLowerCase() === "k") open.openPalette();
      else if (event.key === "?" && !isTyping(event.target)) open.openKeys();
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}

/** True in fields that take letters: single keys are text there, not commands. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
