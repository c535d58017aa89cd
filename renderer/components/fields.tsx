/** Fields that one types into: label, control, explanation, and the complaint right where it belongs. */
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Button, FieldError, Input, Label, SearchField, Text, TextArea, TextField } from "react-aria-components";
import { text } from "../text/en.ts";
import "./controls.css";

export interface Labelled {
  readonly label: string;
  /** One sentence under the control. */
  readonly explanation?: ReactNode;
  /** What is wrong with the value; replaces the explanation. */
  readonly problem?: string | undefined;
  readonly disabled?: boolean;
  /** Name of the setting, so that an error can lead to its field. */
  readonly setting?: string;
}

export function Below({ explanation, problem }: Pick<Labelled, "explanation" | "problem">) {
  if (problem !== undefined) return <FieldError className="field-problem">{problem}</FieldError>;
  if (explanation === undefined) return null;
  return (
    <Text slot="description" className="field-explanation">
      {explanation}
    </Text>
  );
}

interface Typed extends Labelled {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly autoFocus?: boolean;
  readonly onBlur?: () => void;
}

/** Label above and explanation below a control that takes text. */
function TypedField(props: Typed & { readonly children: ReactNode }) {
  return (
    <TextField
      className="field"
      value={props.value}
      onChange={props.onChange}
      isDisabled={props.disabled ?? false}
      isInvalid={props.problem !== undefined}
      validationBehavior="aria"
      data-setting={props.setting}
      autoFocus={props.autoFocus ?? false}
      {...(props.onBlur === undefined ? {} : { onBlur: props.onBlur })}
    >
      <Label className="field-label">{props.label}</Label>
      {props.children}
      <Below {...props} />
    </TextField>
  );
}

export function TextInput(props: Typed & { readonly mono?: boolean; readonly after?: ReactNode }) {
  return (
    <TypedField {...props}>
      <div className="field-row">
        <Input className={`input${props.mono ? " mono" : ""}`} placeholder={props.placeholder ?? ""} />
        {props.after}
      </div>
    </TypedField>
  );
}

export function LongText(props: Typed & { readonly rows?: number }) {
  return (
    <TypedField {...props}>
      <TextArea className="input area" rows={props.rows ?? 3} placeholder={props.placeholder ?? ""} />
    </TypedField>
  );
}

export function Search(props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly inputRef?: React.Ref<HTMLInputElement>;
  readonly onSubmit?: () => void;
}) {
  return (
    <SearchField
      className="search"
      aria-label={props.label}
      value={props.value}
      onChange={props.onChange}
      {...(props.onSubmit === undefined ? {} : { onSubmit: props.onSubmit })}
    >
      <Input className="input" placeholder={props.placeholder ?? props.label} ref={props.inputRef ?? null} />
      <Button className="search-clear" aria-label={text.fields.clear}>
        <X size={12} aria-hidden />
      </Button>
    </SearchField>
  );
}
