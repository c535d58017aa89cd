/** Fields that one types into: label, control, explanation, and the complaint right where it belongs. */
import { Minus, Plus, X } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Button, FieldError, Group, Input, Label, SearchField, Text, TextArea, TextField } from "react-aria-components";
import { text } from "../text/en.ts";
import { type NumberRange, type NumberStep, numberText, parseNumber, stepped, within } from "./numberText.ts";
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

export function TextInput(
  props: Labelled & {
    readonly value: string;
    readonly onChange: (value: string) => void;
    readonly placeholder?: string;
    readonly mono?: boolean;
    readonly after?: ReactNode;
    readonly autoFocus?: boolean;
    readonly onBlur?: () => void;
  },
) {
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
      <div className="field-row">
        <Input className={`input${props.mono ? " mono" : ""}`} placeholder={props.placeholder ?? ""} />
        {props.after}
      </div>
      <Below {...props} />
    </TextField>
  );
}

export function LongText(
  props: Labelled & {
    readonly value: string;
    readonly onChange: (value: string) => void;
    readonly rows?: number;
    readonly placeholder?: string;
    readonly autoFocus?: boolean;
    readonly onBlur?: () => void;
  },
) {
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
      <TextArea className="input area" rows={props.rows ?? 3} placeholder={props.placeholder ?? ""} />
      <Below {...props} />
    </TextField>
  );
}

/** A number that counts once it is left: by Tab, Enter or a click elsewhere. The arrow keys step. */
export function NumberInput(
  props: Labelled &
    NumberRange & {
      /** Null is shown empty. */
      readonly value: number | null;
      readonly onChange: (value: number | null) => void;
      /** Default 1. A whole step means whole numbers, unless `whole` says otherwise. */
      readonly step?: NumberStep;
      /** Digits behind the point that are shown. Default: all. */
      readonly digits?: number;
      /** Unit behind the number. */
      readonly unit?: string;
      /** What an empty field means, shown in it. */
      readonly empty?: string;
      /** For assistive technology only: the label is not drawn. */
      readonly bare?: boolean;
      /** The number that an empty field stands for: the arrows go on from it. Default: none. */
      readonly emptyValue?: number | null;
    },
) {
  const { value, onChange, step = 1, minimum, maximum } = props;
  const range = { minimum, maximum, whole: props.whole ?? Number.isInteger(props.step) };
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? numberText(value, props.digits);
  const commit = () => {
    if (typed === null) return;
    setTyped(null);
    const parsed = parseNumber(typed);
    if (typed.trim() === "" && value !== null) onChange(null);
    else if (parsed !== null && within(parsed, range) !== value) onChange(within(parsed, range));
  };
  const move = (direction: 1 | -1) => {
    const from = typed === null ? value : parseNumber(typed);
    setTyped(null);
    onChange(stepped(from ?? props.emptyValue ?? null, direction, step, range));
  };
  return (
    <TextField
      className={props.bare ? "field bare" : "field"}
      {...(props.bare ? { "aria-label": props.label } : {})}
      value={shown}
      onChange={(next) => /^[\d.,eE+−-]*$/.test(next.trim()) && setTyped(next)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "ArrowUp" || event.key === "ArrowDown") {
          event.preventDefault();
          move(event.key === "ArrowUp" ? 1 : -1);
          return;
        }
        if (event.key === "Enter") commit();
        event.continuePropagation();
      }}
      isDisabled={props.disabled ?? false}
      isInvalid={props.problem !== undefined}
      validationBehavior="aria"
      data-setting={props.setting}
    >
      {props.bare ? null : <Label className="field-label">{props.label}</Label>}
      <Group className="input number">
        <Input placeholder={props.empty ?? ""} inputMode="decimal" />
        {props.unit === undefined || shown === "" ? null : <span className="number-unit">{props.unit}</span>}
        <Stepper label={text.forms.less(props.label)} disabled={props.disabled} onStep={() => move(-1)}>
          <Minus size={12} aria-hidden />
        </Stepper>
        <Stepper label={text.forms.more(props.label)} disabled={props.disabled} onStep={() => move(1)}>
          <Plus size={12} aria-hidden />
        </Stepper>
      </Group>
      <Below {...props} />
    </TextField>
  );
}

/** Milliseconds until a held button repeats, and between repeats. */
const [holdMs, repeatMs] = [400, 60];

/** Steps once when pressed, and again and again while it is held. Not on the way of Tab: the arrow keys do the same. */
function Stepper(props: {
  readonly label: string;
  readonly disabled: boolean | undefined;
  readonly onStep: () => void;
  readonly children: ReactNode;
}) {
  const onStep = useRef(props.onStep);
  onStep.current = props.onStep;
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (!held) return;
    let timer = setTimeout(function again() {
      onStep.current();
      timer = setTimeout(again, repeatMs);
    }, holdMs);
    return () => clearTimeout(timer);
  }, [held]);
  return (
    <Button
      className="stepper"
      aria-label={props.label}
      excludeFromTabOrder
      isDisabled={props.disabled ?? false}
      onPressStart={() => {
        props.onStep();
        setHeld(true);
      }}
      onPressEnd={() => setHeld(false)}
    >
      {props.children}
    </Button>
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
