import { FilterX } from "lucide-react";
import type { DialogueFilter } from "../../../core/contract/workbench/dialogues.ts";
import { useRequest, useWorkbench } from "../../app/hooks.ts";
import { gainColor, Histogram, ratingColor } from "../../charts/Histogram.tsx";
import { Button } from "../../components/Button.tsx";
import { Segmented, SelectInput } from "../../components/choices.tsx";
import { NumberInput } from "../../components/NumberInput.tsx";
import { formatCount } from "../../format/numbers.ts";
import { useSettled } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";
import { conditions, everything } from "./query.ts";

const words = text.dialogues;

/** Score brushes and switches above the list; every change is in force at once. */
export function FilterPanel(props: {
  readonly filter: DialogueFilter;
  readonly onChange: (filter: DialogueFilter) => void;
}) {
  const { client } = useWorkbench();
  const { filter } = props;
  const settled = useSettled(filter, 120);
  const facets = useRequest(() => client.dialogues.facets({ filter: settled }), [settled]);
  const change = (part: Partial<DialogueFilter>) => props.onChange({ ...filter, ...part });
  const count = conditions(filter);
  const bars = facets.data;
  return (
    <section className="filters" aria-label={words.filters}>
      <div className="filter-histograms">
        {bars === null
          ? null
          : (["before", "after", "gain", "engagement"] as const).map((measure) => (
              <div key={measure} className="filter-histogram" title={words.hints[measure]}>
                <span className="field-label">{words.columns[measure]}</span>
                <Histogram
                  label={words.columns[measure]}
                  bars={bars[measure]}
                  color={measure === "gain" ? gainColor : ratingColor}
                  range={filter[measure]}
                  onRange={(range) => change({ [measure]: range })}
                />
                <RangeEnds bars={bars[measure]} />
              </div>
            ))}
      </div>
      <div className="filter-row">
        <Segmented
          bare
          label={words.label}
          value={filter.label ?? "any"}
          onChange={(label) => change({ label: label === "any" ? null : label })}
          choices={(["any", "good", "bad"] as const).map((id) => ({ id, name: words.labels[id] }))}
        />
        <div className="filter-narrow">
          <NumberInput
            label={words.agent}
            value={filter.agents[0] ?? null}
            empty={words.anyAgent}
            minimum={0}
            step={1}
            onChange={(agent) => change({ agents: agent === null ? [] : [agent] })}
          />
        </div>
        <div className="filter-narrow">
          <NumberInput
            label={words.rounds}
            value={filter.rounds.from}
            empty={words.firstRound}
            minimum={1}
            step={1}
            onChange={(from) => change({ rounds: { ...filter.rounds, from } })}
          />
          <NumberInput
            label={words.toRound}
            value={filter.rounds.to}
            empty={words.lastRound}
            minimum={1}
            step={1}
            onChange={(to) => change({ rounds: { ...filter.rounds, to } })}
          />
        </div>
        <div className="filter-select">
          <SelectInput
            bare
            label={words.marks}
            value={marksOf(filter)}
            onChange={(marks) => change(filterOfMarks(marks))}
            choices={(["any", "without", "excluded", "corrected"] as const).map((id) => ({
              id,
              name: words.marksChoices[id],
            }))}
          />
        </div>
        {bars === null || (bars.tags.length === 0 && filter.tags.length === 0) ? null : (
          <div className="filter-select">
            <SelectInput
              bare
              label={words.tag}
              value={filter.tags[0] ?? ""}
              onChange={(tag) => change({ tags: tag === "" ? [] : [tag] })}
              choices={[
                { id: "", name: words.anyTag },
                ...bars.tags.map(({ tag, count: uses }) => ({ id: tag, name: tag, note: formatCount(uses) })),
              ]}
            />
          </div>
        )}
        {count === 0 ? null : (
          <Button small look="quiet" icon={<FilterX size={13} />} onPress={() => props.onChange(everything)}>
            {words.clearFilters} ({count})
          </Button>
        )}
      </div>
    </section>
  );
}

function RangeEnds({ bars }: { readonly bars: readonly { readonly from: number }[] }) {
  return (
    <span className="range-ends numeric" aria-hidden>
      <span>{bars[0]?.from}</span>
      <span>{bars.at(-1)?.from}</span>
    </span>
  );
}

type Marks = "any" | "without" | "excluded" | "corrected";

function marksOf(filter: DialogueFilter): Marks {
  if (filter.corrected === "only") return "corrected";
  if (filter.excluded === "only") return "excluded";
  return filter.excluded === "without" ? "without" : "any";
}

function filterOfMarks(marks: Marks): Partial<DialogueFilter> {
  return {
    excluded: marks === "excluded" ? "only" : marks === "without" ? "without" : "any",
    corrected: marks === "corrected" ? "only" : "any",
  };
}
