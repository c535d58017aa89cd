/** Form fields: label, control, explanation, and the complaint right where it belongs. */
import { Check, ChevronDown, Minus, Plus, X } from "lucide-react";
import type { ReactNode } from "react";
import {
  Button,
  Checkbox,
  FieldError,
  Group,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  NumberField,
  Popover,
  SearchField,
  Select,
  SelectValue,
  Slider,
  SliderOutput,
  SliderThumb,
  SliderTrack,
  Switch,
  Text,
  TextArea,
  TextField,
  ToggleButton,
  ToggleButtonGroup,
} from "react-aria-components";
import { text } from "../text/en.ts";
import "./controls.css";

interface Labelled {
  readonly label: string;
  /** One sentence under the control. */
  readonly explanation?: ReactNode;
  /** What is wrong with the value; replaces the explanation. */
  readonly problem?: string | undefined;
  readonly disabled?: boolean;
  /** Name of the setting, so that an error can lead to its field. */
  readonly setting?: string;
}

function Below({ explanation, problem }: Pick<Labelled, "explanation" | "problem">) {
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
    >
      <Label className="field-label">{props.label}</Label>
      <TextArea className="input area" rows={props.rows ?? 3} placeholder={props.placeholder ?? ""} />
      <Below {...props} />
    </TextField>
  );
}

export function NumberInput(
  props: Labelled & {
    /** Null is shown empty. */
    readonly value: number | null;
    readonly onChange: (value: number | null) => void;
    readonly minimum?: number;
    readonly maximum?: number;
    readonly step?: number;
    readonly digits?: number;
    /** Unit behind the number. */
    readonly unit?: string;
    /** What an empty field means, shown in it. */
    readonly empty?: string;
  },
) {
  return (
    <NumberField
      className="field"
      value={props.value ?? Number.NaN}
      onChange={(value) => props.onChange(Number.isNaN(value) ? null : value)}
      isDisabled={props.disabled ?? false}
      isInvalid={props.problem !== undefined}
      validationBehavior="aria"
      data-setting={props.setting}
      formatOptions={{ maximumFractionDigits: props.digits ?? 8, useGrouping: false }}
      {...(props.minimum === undefined ? {} : { minValue: props.minimum })}
      {...(props.maximum === undefined ? {} : { maxValue: props.maximum })}
      {...(props.step === undefined ? {} : { step: props.step })}
    >
      <Label className="field-label">{props.label}</Label>
      <Group className="input number">
        <Input placeholder={props.empty ?? ""} />
        {props.unit === undefined ? null : <span className="number-unit">{props.unit}</span>}
        <Button slot="decrement" className="stepper">
          <Minus size={12} aria-hidden />
        </Button>
        <Button slot="increment" className="stepper">
          <Plus size={12} aria-hidden />
        </Button>
      </Group>
      <Below {...props} />
    </NumberField>
  );
}

export interface Choice<Id extends string> {
  readonly id: Id;
  readonly name: string;
  readonly note?: string;
}

export function SelectInput<Id extends string>(
  props: Labelled & {
    readonly value: Id | null;
    readonly onChange: (value: Id) => void;
    readonly choices: readonly Choice<Id>[];
    readonly placeholder?: string;
    /** For assistive technology only: the label is not drawn. */
    readonly bare?: boolean;
  },
) {
  return (
    <Select
      className={props.bare ? "field bare" : "field"}
      selectedKey={props.value}
      onSelectionChange={(key) => key !== null && props.onChange(String(key) as Id)}
      isDisabled={props.disabled ?? false}
      isInvalid={props.problem !== undefined}
      validationBehavior="aria"
      placeholder={props.placeholder ?? text.fields.choose}
      data-setting={props.setting}
      {...(props.bare ? { "aria-label": props.label } : {})}
    >
      {props.bare ? null : <Label className="field-label">{props.label}</Label>}
      <Button className="input select">
        <SelectValue className="select-value truncate" />
        <ChevronDown size={14} aria-hidden />
      </Button>
      <Below {...props} />
      <Popover className="popover" offset={4}>
        <ListBox className="list-box" items={props.choices} aria-label={props.label}>
          {(choice) => (
            <ListBoxItem className="list-item" id={choice.id} textValue={choice.name}>
              <span className="list-item-name truncate">{choice.name}</span>
              {choice.note === undefined ? null : <span className="list-item-note truncate">{choice.note}</span>}
              <Check size={14} className="list-item-check" aria-hidden />
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}

/** A few choices side by side. */
export function Segmented<Id extends string>(
  props: Labelled & {
    readonly value: Id;
    readonly onChange: (value: Id) => void;
    readonly choices: readonly Choice<Id>[];
    readonly bare?: boolean;
  },
) {
  return (
    <div className={props.bare ? "field bare" : "field"} data-setting={props.setting}>
      {props.bare ? null : <span className="field-label">{props.label}</span>}
      <ToggleButtonGroup
        className="segmented"
        aria-label={props.label}
        selectionMode="single"
        disallowEmptySelection
        selectedKeys={[props.value]}
        isDisabled={props.disabled ?? false}
        onSelectionChange={(keys) => {
          const [key] = [...keys];
          if (key !== undefined) props.onChange(String(key) as Id);
        }}
      >
        {props.choices.map((choice) => (
          <ToggleButton key={choice.id} id={choice.id} className="segment">
            {choice.name}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      {props.problem === undefined && props.explanation === undefined ? null : (
        <span className={props.problem === undefined ? "field-explanation" : "field-problem"}>
          {props.problem ?? props.explanation}
        </span>
      )}
    </div>
  );
}

export function SwitchInput(
  props: Labelled & { readonly value: boolean; readonly onChange: (value: boolean) => void },
) {
  return (
    <div className="field" data-setting={props.setting}>
      <Switch
        className="switch"
        isSelected={props.value}
        onChange={props.onChange}
        isDisabled={props.disabled ?? false}
      >
        <span className="switch-track">
          <span className="switch-thumb" />
        </span>
        {props.label}
      </Switch>
      {props.explanation === undefined ? null : <span className="field-explanation">{props.explanation}</span>}
    </div>
  );
}

export function CheckInput(
  props: Omit<Labelled, "label"> & {
    readonly label: ReactNode;
    readonly value: boolean;
    readonly onChange: (value: boolean) => void;
    readonly name?: string;
  },
) {
  return (
    <Checkbox
      className="check"
      isSelected={props.value}
      onChange={props.onChange}
      isDisabled={props.disabled ?? false}
      {...(props.name === undefined ? {} : { "aria-label": props.name })}
    >
      <span className="check-box">
        <Check size={12} strokeWidth={3} aria-hidden />
      </span>
      {props.label}
    </Checkbox>
  );
}

export function SliderInput(
  props: Labelled & {
    readonly value: number;
    readonly onChange: (value: number) => void;
    readonly minimum: number;
    readonly maximum: number;
    readonly step: number;
    readonly format?: (value: number) => string;
  },
) {
  return (
    <Slider
      className="field slider"
      value={props.value}
      onChange={(value) => props.onChange(Array.isArray(value) ? (value[0] ?? 0) : value)}
      minValue={props.minimum}
      maxValue={props.maximum}
      step={props.step}
      isDisabled={props.disabled ?? false}
      data-setting={props.setting}
    >
      <div className="slider-head">
        <Label className="field-label">{props.label}</Label>
        <SliderOutput className="slider-value numeric">
          {() => (props.format === undefined ? String(props.value) : props.format(props.value))}
        </SliderOutput>
      </div>
      <SliderTrack className="slider-track">
        {({ state }) => (
          <>
            <span className="slider-fill" style={{ width: `${state.getThumbPercent(0) * 100}%` }} />
            <SliderThumb className="slider-thumb" />
          </>
        )}
      </SliderTrack>
      {props.problem === undefined && props.explanation === undefined ? null : (
        <span className={props.problem === undefined ? "field-explanation" : "field-problem"}>
          {props.problem ?? props.explanation}
        </span>
      )}
    </Slider>
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
