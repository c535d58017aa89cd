import { Plus, X } from "lucide-react";
import { Button } from "../../components/Button.tsx";
import { LongText, NumberInput } from "../../components/fields.tsx";
import { AdapterSelect, ModelSelect } from "../../components/ModelSelect.tsx";
import { Row } from "../../forms/Section.tsx";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";

const words = text.society.setup;

/** Who speaks: one model or several by share, the observer, personas. */
export function PopulationFields({ form }: { readonly form: SettingsForm }) {
  const populations = (form.value("populations") ?? []) as readonly {
    model?: string;
    adapter?: string | null;
    share?: number;
  }[];
  const set = (next: readonly unknown[]) => form.set("populations", next);
  const change = (index: number, values: object) =>
    set(populations.map((one, at) => (at === index ? { ...one, ...values } : one)));
  const shown = populations.length === 0 ? [{}] : populations;
  const observer = form.value("observer") as { model?: string } | null | undefined;
  return (
    <>
      {shown.map((population, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a population has no other name
        <div key={index} className="population">
          <ModelSelect
            label={words.model}
            value={population.model ?? ""}
            onChange={(model) =>
              populations.length === 0 ? set([{ model }]) : change(index, { model, adapter: null })
            }
            problem={form.problem(`populations.${index}`) ?? (index === 0 ? form.problem("populations") : undefined)}
            setting={`populations.${index}.model`}
          />
          {population.model === undefined || population.model === "" ? null : (
            <Row>
              <AdapterSelect
                label={words.adapter}
                model={population.model}
                value={population.adapter ?? ""}
                onChange={(adapter) => change(index, { adapter: adapter === "" ? null : adapter })}
              />
              {populations.length < 2 ? null : (
                <NumberInput
                  label={words.share}
                  value={population.share ?? 1}
                  minimum={0.01}
                  onChange={(share) => change(index, { share })}
                />
              )}
            </Row>
          )}
          {populations.length < 2 ? null : (
            <Button
              small
              look="quiet"
              icon={<X size={12} />}
              onPress={() => set(populations.filter((_, at) => at !== index))}
            >
              {words.removePopulation}
            </Button>
          )}
        </div>
      ))}
      {populations.length === 0 ? null : (
        <div>
          <Button
            small
            look="quiet"
            icon={<Plus size={12} />}
            onPress={() => set([...populations, { model: "", share: 1 }])}
          >
            {words.addPopulation}
          </Button>
        </div>
      )}
      <ModelSelect
        label={words.observer}
        none={words.observerSame}
        value={observer?.model ?? ""}
        onChange={(model) => form.set("observer", model === "" ? null : { model, adapter: null })}
        problem={form.problem("observer")}
        setting="observer"
      />
      <LongText
        label={words.personas}
        explanation={words.personasText}
        value={((form.value("personas") ?? []) as string[]).join("\n")}
        onChange={(lines) => form.set("personas", lines === "" ? [] : lines.split("\n"))}
        problem={form.problem("personas")}
        rows={2}
      />
    </>
  );
}
