import { FolderOpen, X } from "lucide-react";
import { text } from "../text/en.ts";
import { Button } from "./Button.tsx";
import type { PickRequest } from "./FilePicker.tsx";
import { TextInput } from "./fields.tsx";
import { usePick } from "./usePick.tsx";

/** A path that is typed, or chosen in a dialog. */
export function PathInput(props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (path: string) => void;
  readonly request: PickRequest;
  readonly explanation?: string;
  readonly problem?: string | undefined;
  readonly setting?: string;
  /** May be empty: a button empties it. */
  readonly optional?: boolean;
  /** What empty means; default "None". */
  readonly empty?: string;
}) {
  const { pick, picker } = usePick();
  return (
    <>
      <TextInput
        label={props.label}
        value={props.value}
        onChange={props.onChange}
        mono
        problem={props.problem}
        {...(props.optional ? { placeholder: props.empty ?? text.fields.none } : {})}
        {...(props.explanation === undefined ? {} : { explanation: props.explanation })}
        {...(props.setting === undefined ? {} : { setting: props.setting })}
        after={
          <>
            {props.optional && props.value !== "" ? (
              <Button icon={<X size={14} />} hint={text.fields.clear} onPress={() => props.onChange("")} />
            ) : null}
            <Button
              icon={<FolderOpen size={14} />}
              hint={text.actions.choosePath}
              onPress={() => void pick(props.request).then((path) => path !== null && props.onChange(path))}
            />
          </>
        }
      />
      {picker}
    </>
  );
}
