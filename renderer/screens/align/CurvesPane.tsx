import { Maximize2 } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import type { RunSummary } from "../../../core/contract/workbench/runs.ts";
import { useFace } from "../../app/hooks.ts";
import type { CurveGroup } from "../../charts/CurveGroup.ts";
import type { Mark } from "../../charts/CurvePlot.ts";
import { smoothingScale } from "../../charts/smoothing.ts";
import { Button } from "../../components/Button.tsx";
import { SelectInput, SliderInput } from "../../components/choices.tsx";
import { formatCount, formatShare } from "../../format/numbers.ts";
import { text } from "../../text/en.ts";
import { CurvePanels } from "./CurvePanels.tsx";
import type { RunCurves } from "./RunCurves.ts";
import { useCurvesFace } from "./useRunCurves.ts";

const words = text.align;
const parseSmoothing = (value: unknown) => (typeof value === "number" && value >= 0 && value <= 1 ? value : 0.3);

interface Named {
  readonly name: string;
  readonly curves: RunCurves;
}

export interface CurvesPaneProps {
  readonly group: CurveGroup;
  /** Null until they are read. */
  readonly own: Named | null;
  readonly other: Named | null;
  /** Runs that can be laid beneath. */
  readonly overlays: readonly RunSummary[];
  readonly overlay: string | null;
  readonly onOverlay: (run: string | null) => void;
  /** Checkpoints on the disk; null before they are known. */
  readonly kept: readonly { readonly step: number }[] | null;
  readonly last: number | null;
  readonly best: number | null;
  readonly live: boolean;
  /** What else this pane can show. */
  readonly choice: ReactNode;
}

/** All curves of the run, and what changes how they are shown. */
export function CurvesPane({ group, own, other, best, ...props }: CurvesPaneProps) {
  const [smoothing, setSmoothing] = useFace("align.smoothing", parseSmoothing);
  const scale = smoothingScale(smoothing, Math.max(own?.curves.steps ?? 0, other?.curves.steps ?? 0));
  own?.curves.smooth(scale);
  other?.curves.smooth(scale);
  const { kept, last } = props;
  const marks = useMemo(() => marksOf(kept ?? [], last, best), [kept, last, best]);
  return (
    <div className="curves">
      <div className="curves-bar">
        {props.choice}
        <div className="curves-smoothing">
          <SliderInput
            label={words.smoothing}
            value={smoothing}
            onChange={setSmoothing}
            minimum={0}
            maximum={1}
            step={0.02}
            format={formatShare}
          />
        </div>
        <div className="curves-overlay">
          <SelectInput
            bare
            label={words.overlay}
            value={props.overlay ?? ""}
            onChange={(key) => props.onOverlay(key === "" ? null : key)}
            choices={[
              { id: "", name: words.overlayNone },
              ...props.overlays.map((one) => ({ id: one.run, name: one.name, note: one.headline })),
            ]}
          />
        </div>
        <Button small look="quiet" icon={<Maximize2 size={13} />} onPress={() => group.show(null)}>
          {words.whole}
        </Button>
        {own === null ? null : <FinenessNote curves={own.curves} />}
      </div>
      {own === null ? null : (
        <CurvePanels
          group={group}
          own={own}
          other={other}
          marks={marks}
          best={best}
          smoothed={scale > 0}
          live={props.live}
        />
      )}
    </div>
  );
}

/** Dashed lines at the checkpoints that are there: all ever written would hide the curves. The best and the last by name. */
function marksOf(kept: readonly { readonly step: number }[], last: number | null, best: number | null): Mark[] {
  const plain = kept.filter(({ step }) => step !== best && step !== last).map(({ step }) => ({ x: step }));
  return [
    ...plain,
    ...(last === null || last === best ? [] : [{ x: last, name: words.last }]),
    ...(best === null
      ? []
      : [{ x: best, name: last === best ? `${words.best}, ${words.last}` : words.best, color: "--revision" }]),
  ];
}

/** Says so where not every step is a point. */
function FinenessNote({ curves }: { readonly curves: RunCurves }) {
  const { fineness } = useCurvesFace(curves);
  if (!curves.long) return null;
  const steps = formatCount(curves.steps);
  return (
    <span className="fine truncate" role="status" title={words.fineness[fineness](steps)}>
      {words.fineness[fineness](steps)}
    </span>
  );
}
