import type { ReactNode } from "react";
import { Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { Button, type ButtonProps } from "./Button.tsx";
import "./controls.css";

export interface MenuEntry {
  readonly id: string;
  readonly name: string;
  readonly icon?: ReactNode;
  readonly keys?: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly onAction: () => void;
}

/** A button that opens a list of commands. */
export function MenuButton({ entries, ...button }: ButtonProps & { readonly entries: readonly MenuEntry[] }) {
  return (
    <MenuTrigger>
      <Button {...button} />
      <Popover className="popover" offset={4} placement="bottom end">
        <Menu
          className="menu"
          onAction={(key) => entries.find((entry) => entry.id === key)?.onAction()}
          disabledKeys={entries.filter((entry) => entry.disabled).map((entry) => entry.id)}
          aria-label={button.hint ?? "Menu"}
        >
          {entries.map((entry) => (
            <MenuItem
              key={entry.id}
              id={entry.id}
              textValue={entry.name}
              className={`menu-item${entry.danger ? " danger" : ""}`}
            >
              {entry.icon}
              {entry.name}
              {entry.keys === undefined ? null : <kbd>{entry.keys}</kbd>}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
