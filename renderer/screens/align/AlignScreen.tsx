import { ChartSpline, Plus } from "lucide-react";
import { useMemo } from "react";
import { go, useLists, useRoute } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { NoRun } from "../../shell/NoRun.tsx";
import { runsOfKind } from "../../stores/lists.ts";
import { text } from "../../text/en.ts";
import { AlignRun } from "./AlignRun.tsx";
import { AlignSetup } from "./AlignSetup.tsx";
import "./AlignScreen.css";

const words = text.align;

/** `#/align/new` sets one up (`/from/<run>`: with its settings; `/data/<id>`: on a set), `#/align/<run>` watches one. */
export function AlignScreen() {
  const { path } = useRoute();
  const runs = useLists((lists) => lists.runs);
  const alignments = useMemo(() => runsOfKind(runs, "align"), [runs]);
  const [first, kind, value] = path;
  if (first === "new") {
    const [template, data] = ["from", "data"].map((one) => (kind === one ? (value ?? null) : null));
    return <AlignSetup key={`${template} ${data}`} template={template ?? null} data={data ?? null} />;
  }
  const run = alignments.find((one) => one.run === first) ?? (first === undefined ? alignments[0] : undefined);
  if (run !== undefined) return <AlignRun key={run.run} run={run} alignments={alignments} />;
  return (
    <NoRun
      words={words}
      icon={<ChartSpline size={32} strokeWidth={1.25} />}
      runs={alignments}
      onChoose={(key) => go("align", key)}
      actions={<NewAlignment />}
      firstActions={<NewAlignment primary />}
    />
  );
}

export function NewAlignment({ primary }: { readonly primary?: boolean }) {
  return (
    <Button look={primary ? "primary" : "plain"} icon={<Plus size={14} />} onPress={() => go("align", "new")}>
      {words.new}
    </Button>
  );
}
