import { useMemo, useState } from "react";
import {
  Autocomplete,
  Dialog,
  Input,
  ListBox,
  ListBoxItem,
  Modal,
  ModalOverlay,
  SearchField,
} from "react-aria-components";
import { rank } from "../palette/match.ts";
import { text } from "../text/en.ts";
import type { Command } from "./commands.ts";
import "./Palette.css";

/** Rows shown at once; more would not be read. */
const mostShown = 60;

/** Ctrl+K: every command, screen and run by a few letters of its name. */
export function Palette(props: {
  readonly open: boolean;
  readonly commands: readonly Command[];
  readonly onClose: () => void;
}) {
  return (
    <ModalOverlay className="scrim" isOpen={props.open} onOpenChange={(open) => !open && props.onClose()} isDismissable>
      <Modal className="modal palette">
        <Dialog className="dialog" aria-label={text.shell.palette}>
          {/* Escape closes at once; the field would only empty itself. */}
          <div
            className="palette-keys"
            onKeyDownCapture={(event) => {
              if (event.key !== "Escape") return;
              event.stopPropagation();
              props.onClose();
            }}
          >
            <PaletteList commands={props.commands} onClose={props.onClose} />
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function PaletteList({ commands, onClose }: { readonly commands: readonly Command[]; readonly onClose: () => void }) {
  const [query, setQuery] = useState("");
  const found = useMemo(() => rank(query, commands, (command) => command.name).slice(0, mostShown), [query, commands]);
  return (
    <Autocomplete inputValue={query} onInputChange={setQuery} filter={() => true}>
      <SearchField aria-label={text.shell.palette} autoFocus className="palette-field">
        <Input
          className="palette-input"
          placeholder={text.shell.paletteHint}
          // The list is walked and scrolled from here.
          role="combobox"
          aria-expanded
          aria-haspopup="listbox"
        />
      </SearchField>
      <ListBox
        className="palette-list"
        aria-label={text.shell.palette}
        items={found.map(({ item, match }) => ({ ...item, letters: match.letters }))}
        renderEmptyState={() => <p className="palette-none">{text.shell.noCommand}</p>}
        onAction={(key) => {
          onClose();
          commands.find((command) => command.id === key)?.run();
        }}
      >
        {(command) => (
          <ListBoxItem id={command.id} textValue={command.name} className="menu-item palette-item">
            <span className="truncate">
              <Marked text={command.name} letters={command.letters} />
            </span>
            <span className="palette-group">{command.group}</span>
            {command.keys === undefined ? null : <Keys keys={command.keys} />}
          </ListBoxItem>
        )}
      </ListBox>
    </Autocomplete>
  );
}

function Marked({ text: title, letters }: { readonly text: string; readonly letters: readonly number[] }) {
  const wanted = new Set(letters);
  return (
    <>
      {[...title].map((letter, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: letters have no other name
        wanted.has(index) ? <b key={index}>{letter}</b> : letter,
      )}
    </>
  );
}

/** `Ctrl K` as keys side by side. */
export function Keys({ keys }: { readonly keys: string }) {
  return (
    <span className="keys">
      {keys.split(" ").map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
