/** Fields in which one chooses: a list, a row of choices, a switch, a box, a slider. */
import { Check, ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import {
  Button,
  Checkbox,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select,
  SelectValue,
  Slider,
  SliderOutput,
  SliderThumb,
  SliderTrack,
  Switch,
  ToggleButton,
  ToggleButtonGroup,
} from "react-aria-components";
import { text } from "../text/en.ts";
import { Below, type Labelled } from "./fields.tsx";
import "./controls.css";

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

/** As `Below`, for controls that are no form fields to React Aria. */
function Said({ explanation, problem }: Pick<Labelled, "explanation" | "problem">) {
  if (problem !== undefined) return <span className="field-problem">{problem}</span>;
  return explanation === undefined ? null : <span className="field-explanation">{explanation}</span>;
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
      <Said {...props} />
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
      <Said {...props} />
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
      <Said {...props} />
    </Slider>
  );
}
