import { Eye } from "lucide-react";
import type { DialogueFilter, DialogueSort } from "../../../core/contract/workbench/dialogues.ts";
import { MenuButton } from "../../components/MenuButton.tsx";
import { text } from "../../text/en.ts";
import { everything, views } from "./query.ts";

const words = text.dialogues.views;

/** The questions that people ask of many dialogues, each one click. */
export function ViewsMenu(props: {
  readonly onChange: (filter: DialogueFilter) => void;
  readonly onSort: (sort: DialogueSort) => void;
}) {
  return (
    <MenuButton
      small
      icon={<Eye size={13} />}
      entries={(Object.keys(views) as (keyof typeof views)[]).map((id) => ({
        id,
        name: words[id],
        onAction: () => {
          props.onChange({ ...everything, ...views[id].filter });
          props.onSort(views[id].sort);
        },
      }))}
    >
      {words.title}
    </MenuButton>
  );
}
