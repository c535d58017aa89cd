/** A field for one number. */
import { Minus, Plus } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Button, Group, Input, Label, TextField } from "react-aria-components";
import { formatCount } from "../format/numbers.ts";
import { text } from "../text/en.ts";
import { Below, type Labelled } from "./fields.tsx";
import {
  type NumberRange,
  type NumberStep,
  numberText,
  parseNumber,
  type Refusal,
  refusalOf,
  stepped,
} from "./numberText.ts";
import "./controls.css";

export type NumberInputProps = Labelled &
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
    /**
     * Whoever holds the value refuses what is out of range by itself (a form, whose check blocks the start): it gets
     * every number, NaN for what is none. Default: it only gets what the field takes.
     */
    readonly checked?: boolean;
    /** Told when something stands in the field that was not given on, and when no longer. */
    readonly onRefused?: (refused: boolean) => void;
  };

/**
 * A number that counts once it is left: by Tab, Enter or a click elsewhere. The arrow keys step. One that is out of
 * range stays as it was typed, and the field says what it takes.
 */
export function NumberInput(props: NumberInputProps) {
  const { shown, problem, type, commit, move } = useTypedNumber(props);
  return (
    <TextField
      className={props.bare ? "field bare" : "field"}
      {...(props.bare ? { "aria-label": props.label } : {})}
      value={shown}
      onChange={(next) => /^[\d.,eE+−-]*$/.test(next.trim()) && type(next)}
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
      isInvalid={problem !== undefined}
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
      <Below explanation={props.explanation} problem={problem} />
    </TextField>
  );
}

/** What stands in the field, what is wrong with it, and what a person does to it. */
function useTypedNumber(props: NumberInputProps) {
  const { value, onChange, step = 1, minimum, maximum, checked = false, onRefused } = props;
  const range = { minimum, maximum, whole: props.whole ?? Number.isInteger(props.step) };
  const [typed, setTyped] = useState<string | null>(null);
  const [held, setHeld] = useState<Refusal | null>(null);
  const [before, setBefore] = useState(value);
  if (!Object.is(before, value)) {
    setBefore(value);
    // Another value came from elsewhere (a preset, the way back): what was refused before is over.
    if (held !== null || Number.isNaN(before)) setTyped(null);
    setHeld(null);
  }
  const isHeld = held !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: told when it changes, not when the listener does
  useEffect(() => {
    if (!isHeld) return;
    onRefused?.(true);
    return () => onRefused?.(false);
  }, [isHeld]);
  const shown = typed ?? numberText(value, props.digits);
  const commit = () => {
    if (typed === null) return;
    const next = typed.trim() === "" ? null : (parseNumber(typed) ?? Number.NaN);
    const refusal = next === null ? null : refusalOf(next, range);
    setHeld(checked ? null : refusal);
    if (refusal === null || (checked && refusal.kind !== "number")) setTyped(null);
    if ((refusal === null || checked) && !Object.is(next, value)) onChange(next);
  };
  const move = (direction: 1 | -1) => {
    const from = typed === null ? value : parseNumber(typed);
    setTyped(null);
    setHeld(null);
    onChange(stepped(Number.isNaN(from) ? null : (from ?? props.emptyValue ?? null), direction, step, range));
  };
  const refusal = held ?? (value === null ? null : refusalOf(value, range));
  const problem = refusal === null ? props.problem : refusalText(refusal, isHeld);
  return { shown, problem, type: setTyped, commit, move };
}

function refusalText(refusal: Refusal, isHeld: boolean): string {
  const { range } = text.fields;
  const why =
    refusal.kind === "largest" || refusal.kind === "smallest"
      ? range[refusal.kind](formatBound(refusal.bound))
      : range[refusal.kind];
  return isHeld ? `${why} ${range.notTaken}` : why;
}

function formatBound(bound: number): string {
  return Math.abs(bound) >= 1000 ? formatCount(bound) : numberText(bound);
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
