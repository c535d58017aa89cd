import { MessageSquareText } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import type { JobState, RunSnapshot } from "../../../core/contract/workbench/runs.ts";
import { useFace, useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { Segmented, SelectInput } from "../../components/choices.tsx";
import { InlineDiff, SideBySide } from "../../components/diff/WordDiffView.tsx";
import { sideBySideBelow, wordDiff } from "../../components/diff/wordDiff.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { formatCount, formatSignificant } from "../../format/numbers.ts";
import { text } from "../../text/en.ts";
import { type Look, looksAtOnce, looksOf, looksTaken } from "./samples.ts";
import "./SamplesPane.css";

const words = text.align.samples;
const views = ["inline", "side", "clean"] as const;
type View = (typeof views)[number];
const parseView = (value: unknown): View => views.find((view) => view === value) ?? "inline";

/** What the model says on prompts that stay the same, newest look first, held against the base. */
export function SamplesPane(props: {
  readonly run: string;
  readonly snapshot: RunSnapshot | null;
  readonly state: JobState;
  /** Steps between two looks. */
  readonly every: number;
  readonly choice: ReactNode;
}) {
  const { client } = useWorkbench();
  const { run, snapshot, state, every } = props;
  const [view, setView] = useFace("align.samples", parseView);
  const [prompt, setPrompt] = useState<number | null>(null);
  const [shown, setShown] = useState(looksAtOnce);
  const taken = looksTaken(snapshot?.align?.step ?? 0, snapshot?.progress?.stage ?? null, every);
  const lines = useRequest(() => client.align.samples({ run }), [run, taken, state]);
  const evaluations = snapshot?.align?.evaluations ?? [];
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is the same object and only grows
  const looks = useMemo(() => looksOf(lines.data ?? [], evaluations, prompt), [lines.data, evaluations.length, prompt]);
  const prompts = lines.data?.[0]?.samples.map((sample) => sample.prompt) ?? [];
  const earlier = looks.length - shown;
  return (
    <div className="curves">
      <div className="curves-bar">
        {props.choice}
        <div className="samples-prompt">
          <SelectInput
            bare
            label={words.prompt}
            value={prompt === null ? "" : String(prompt)}
            onChange={(key) => setPrompt(key === "" ? null : Number(key))}
            choices={[
              { id: "", name: words.allPrompts },
              ...prompts.map((one, number) => ({ id: String(number), name: one })),
            ]}
          />
        </div>
        <Segmented
          bare
          label={words.view}
          value={view}
          onChange={setView}
          choices={views.map((id) => ({ id, name: words.views[id] }))}
        />
        <span className="fine truncate" title={words.likeliest}>
          {words.every(formatCount(every))}
        </span>
      </div>
      {lines.error === null ? null : <ErrorNote error={lines.error} />}
      {lines.data === null ? null : looks.length === 0 ? (
        <EmptyState icon={<MessageSquareText size={32} strokeWidth={1.25} />} title={words.none}>
          {words.noneText}
        </EmptyState>
      ) : (
        <section className="samples" aria-label={words.label} tabIndex={0}>
          {looks.slice(0, shown).map((look) => (
            <LookView key={look.step} look={look} view={view} alone={prompt !== null} />
          ))}
          {earlier <= 0 ? null : (
            <Button look="quiet" onPress={() => setShown(shown + looksAtOnce)}>
              {words.earlier(formatCount(Math.min(earlier, looksAtOnce)))}
            </Button>
          )}
        </section>
      )}
    </div>
  );
}

/** One step: its prompts below each other. With one prompt chosen, the step stands in its place. */
function LookView({ look, view, alone }: { readonly look: Look; readonly view: View; readonly alone: boolean }) {
  const before = look.samples.every(({ tuned }) => tuned === null);
  const facts = [
    ...(look.heldOut === null ? [] : [words.heldOut(formatSignificant(look.heldOut))]),
    ...(before || alone ? [] : [words.changed(look.changed, look.all)]),
  ];
  const step = look.step === 0 ? words.beforeTraining : words.step(formatCount(look.step));
  return (
    <article className={alone ? "look alone" : "look"} aria-label={step}>
      <header className="look-head">
        <h2>{step}</h2>
        <span className="fine numeric">{facts.join(" · ")}</span>
      </header>
      <ul className="look-samples">
        {look.samples.map(({ number, prompt, base, tuned }) => (
          <li key={number}>
            {alone ? null : <p className="look-prompt selectable">{prompt}</p>}
            <Answer base={base} tuned={tuned} view={view} />
          </li>
        ))}
      </ul>
    </article>
  );
}

function Answer({ base, tuned, view }: { readonly base: string; readonly tuned: string | null; readonly view: View }) {
  const diff = useMemo(
    () => (tuned === null || tuned === base || view === "clean" ? null : wordDiff(base, tuned)),
    [base, tuned, view],
  );
  if (tuned === null || (tuned === base && view !== "side"))
    return (
      <div>
        <Plain answer={base} />
        {tuned === null ? null : <p className="fine">{words.same}</p>}
      </div>
    );
  if (view === "clean") return <Plain answer={tuned} />;
  if (view === "inline" && diff !== null && diff.keptShare >= sideBySideBelow) return <InlineDiff diff={diff} />;
  return (
    <div>
      <div className="look-sides fine" aria-hidden>
        <span>{words.base}</span>
        <span>{words.tuned}</span>
      </div>
      <SideBySide before={base} after={tuned} diff={diff !== null && diff.keptShare >= 0.15 ? diff : null} />
    </div>
  );
}

function Plain({ answer }: { readonly answer: string }) {
  return answer === "" ? <p className="diff quiet">{words.empty}</p> : <p className="diff selectable">{answer}</p>;
}
