import { type LoraTarget, loraTargets } from "../../../core/contract/alignment.ts";
import { useRequest, useWorkbench } from "../../app/hooks.ts";
import { CheckInput } from "../../components/choices.tsx";
import { NumberInput } from "../../components/NumberInput.tsx";
import { Row } from "../../forms/Section.tsx";
import { boundsAt } from "../../forms/schema.ts";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";
import { type LayerRange, withFirstLayer, withLastLayer } from "./layers.ts";

const words = text.align.setup;

interface Form {
  readonly form: SettingsForm;
}

/** Which matrices get an adapter, each with the common rank or one of its own. */
export function TargetFields({ form }: Form) {
  const targets = (form.value("lora.targets") ?? []) as readonly LoraTarget[];
  const ranks = (form.value("lora.ranks") ?? {}) as Partial<Record<LoraTarget, number>>;
  const rank = form.number("lora.rank");
  const problem = form.problem("lora.targets") ?? form.problem("lora.ranks");
  const withRank = (target: LoraTarget, own: number | null) => {
    const { [target]: _, ...others } = ranks;
    return own === null ? others : { ...others, [target]: own };
  };
  const tick = (target: LoraTarget, on: boolean) =>
    form.setAll({
      "lora.targets": loraTargets.filter((one) => (one === target ? on : targets.includes(one))),
      // Only where there is one to take away: what nobody set stays the dial's.
      ...(on || ranks[target] === undefined ? {} : { "lora.ranks": withRank(target, null) }),
    });
  return (
    <fieldset className="field targets" data-setting="lora.targets">
      <legend className="field-label">{words.targets}</legend>
      <div className="target-grid">
        {loraTargets.map((target) => (
          <div key={target} className="target">
            <CheckInput
              label={<code>{target}</code>}
              value={targets.includes(target)}
              onChange={(on) => tick(target, on)}
            />
            <NumberInput
              bare
              checked
              label={words.rankOf(target)}
              value={ranks[target] ?? null}
              empty={rank === null ? "" : String(rank)}
              emptyValue={rank}
              step={4}
              {...boundsAt(form.schema, "lora.rank")}
              // A file has one alpha, and alpha/√rank differs where ranks do; one that is set can be taken back.
              disabled={
                !targets.includes(target) || (form.value("lora.rsLora") === true && ranks[target] === undefined)
              }
              onChange={(own) => form.set("lora.ranks", withRank(target, own))}
              setting={`lora.ranks.${target}`}
            />
          </div>
        ))}
      </div>
      <span className={problem === undefined ? "field-explanation" : "field-problem"}>
        {problem ?? words.targetsText}
      </span>
    </fieldset>
  );
}

/** The layers that get an adapter; both fields empty are all of them. */
export function LayerFields({ form }: Form) {
  const { client } = useWorkbench();
  const { data } = useRequest(() => client.models.list(), []);
  const model = form.text("model");
  const count = data?.models.find(({ path }) => path === model)?.description?.layers ?? null;
  const layers = (form.value("lora.layers") ?? null) as LayerRange | null;
  const problem = form.problem("lora.layers");
  const common = { whole: true, minimum: 0, ...(count === null ? {} : { maximum: count - 1 }) };
  return (
    <Row>
      <NumberInput
        {...common}
        checked
        label={words.firstLayer}
        explanation={words.firstLayerText}
        value={layers?.first ?? null}
        empty="0"
        emptyValue={0}
        onChange={(first) => form.set("lora.layers", withFirstLayer(layers, first, count))}
        problem={problem}
        setting="lora.layers.first"
      />
      <NumberInput
        {...common}
        checked
        label={words.lastLayer}
        explanation={words.lastLayerText}
        value={layers?.last ?? null}
        empty={count === null ? words.lastLayerEmpty : String(count - 1)}
        emptyValue={count === null ? null : count - 1}
        onChange={(last) => form.set("lora.layers", withLastLayer(layers, last, count))}
        setting="lora.layers.last"
      />
    </Row>
  );
}
