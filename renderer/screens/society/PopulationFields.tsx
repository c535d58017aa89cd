import { Plus, X } from "lucide-react";
import { Button } from "../../components/Button.tsx";
import { AdapterSelect, ModelSelect } from "../../components/ModelSelect.tsx";
import { NumberInput } from "../../components/NumberInput.tsx";
import { Row } from "../../forms/Section.tsx";
import { boundsAt } from "../../forms/schema.ts";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";

const words = text.society.setup;

interface Population {
  readonly model?: string;
  readonly adapter?: string | null;
  readonly share?: number;
}

/** Who speaks: one model, or several by share. */
export function PopulationFields({ form }: { readonly form: SettingsForm }) {
  const populations = (form.value("populations") ?? []) as readonly Population[];
  const set = (next: readonly Population[]) => form.set("populations", next);
  const shown: readonly Population[] = populations.length === 0 ? [{}] : populations;
  const change = (index: number, values: Population) =>
    set(shown.map((one, at) => (at === index ? { ...one, ...values } : one)));
  return (
    <>
      {shown.map((population, index) => (
        <PopulationRow
          // biome-ignore lint/suspicious/noArrayIndexKey: a population has no other name
          key={index}
          form={form}
          population={population}
          setting={`populations.${index}`}
          isOnly={shown.length < 2}
          onChange={(values) => change(index, values)}
          onRemove={() => set(populations.filter((_, at) => at !== index))}
        />
      ))}
      {populations.length === 0 ? null : (
        <div className="form-add">
          <Button
            small
            look="quiet"
            icon={<Plus size={12} />}
            onPress={() => set([...populations, { model: "", adapter: null, share: 1 }])}
          >
            {words.addPopulation}
          </Button>
        </div>
      )}
    </>
  );
}

function PopulationRow(props: {
  readonly form: SettingsForm;
  readonly population: Population;
  readonly setting: string;
  /** The only one has no share and cannot be taken out. */
  readonly isOnly: boolean;
  readonly onChange: (values: Population) => void;
  readonly onRemove: () => void;
}) {
  const { form, population, setting, isOnly, onChange } = props;
  const { model = "", adapter, share } = population;
  const { minimum, maximum } = boundsAt(form.schema, `${setting}.share`, form.draft);
  return (
    <div className="form-row">
      <div className="form-line">
        <ModelSelect
          label={text.forms.model}
          value={model}
          onChange={(path) => onChange({ model: path, adapter: null })}
          problem={form.problem(`${setting}.model`) ?? (isOnly ? form.problem("populations") : undefined)}
          setting={`${setting}.model`}
        />
        {isOnly ? null : (
          <Button look="quiet" icon={<X size={14} />} hint={words.removePopulation} onPress={props.onRemove} />
        )}
      </div>
      {model === "" ? null : (
        <Row>
          <AdapterSelect
            label={words.adapter}
            model={model}
            value={adapter ?? ""}
            onChange={(path) => onChange({ adapter: path === "" ? null : path })}
            problem={form.problem(`${setting}.adapter`)}
            setting={`${setting}.adapter`}
          />
          {isOnly ? null : (
            <NumberInput
              checked
              label={words.share}
              explanation={words.shareText}
              value={share ?? 1}
              minimum={minimum}
              maximum={maximum}
              whole={false}
              onChange={(value) => onChange({ share: value ?? 1 })}
              problem={form.problem(`${setting}.share`)}
              setting={`${setting}.share`}
            />
          )}
        </Row>
      )}
    </div>
  );
}
