import { Plus, X } from "lucide-react";
import { Button } from "../../components/Button.tsx";
import { SelectInput } from "../../components/choices.tsx";
import { Fields } from "../../forms/FormSections.tsx";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";
import {
  type LossId,
  type LossPart,
  lossFields,
  lossIds,
  lossOf,
  lossParts,
  withLoss,
  withoutLoss,
} from "./lossFields.ts";

const words = text.align.setup;

/** One loss, or several by weight, each with what can be set about it. */
export function LossFields({ form }: { readonly form: SettingsForm }) {
  const loss = form.value("loss");
  const parts = lossParts(loss);
  const isMixture = parts.length > 1;
  return (
    <>
      {isMixture ? <p className="field-explanation">{words.mixtureText}</p> : null}
      {parts.map((part, index) => (
        <LossRow
          key={part.setting}
          form={form}
          part={part}
          others={parts.filter((other) => other !== part).map(({ id }) => id)}
          problem={index === 0 ? form.problem("loss") : undefined}
          onRemove={isMixture ? () => form.set("loss", withoutLoss(loss, index)) : null}
        />
      ))}
      {parts.length < lossIds.length ? (
        <div className="form-add">
          <Button small look="quiet" icon={<Plus size={12} />} onPress={() => form.set("loss", withLoss(loss))}>
            {words.addLoss}
          </Button>
        </div>
      ) : null}
    </>
  );
}

function LossRow(props: {
  readonly form: SettingsForm;
  readonly part: LossPart;
  /** Each loss stands in a mixture once. */
  readonly others: readonly LossId[];
  /** Of the loss as a whole. */
  readonly problem: string | undefined;
  /** Null for the only one. */
  readonly onRemove: (() => void) | null;
}) {
  const { form, part, others, onRemove } = props;
  const { id, setting, weight } = part;
  const choice = (
    <SelectInput<LossId>
      label={words.loss}
      value={id}
      onChange={(next) => form.set(setting, lossOf(next))}
      choices={lossIds
        .filter((one) => !others.includes(one))
        .map((one) => ({ id: one, name: words.losses[one], note: words.lossKinds[one] }))}
      problem={props.problem}
      setting={`${setting}.id`}
    />
  );
  return (
    <div className="form-row">
      <div className="form-line">
        {choice}
        {weight === null ? null : (
          <Fields form={form} fields={[{ kind: "number", setting: weight, label: words.weight, step: 0.1 }]} />
        )}
        {onRemove === null ? null : (
          <Button look="quiet" icon={<X size={14} />} hint={words.removeLoss(words.losses[id])} onPress={onRemove} />
        )}
      </div>
      <p className="field-explanation">{words.lossTexts[id]}</p>
      <Fields form={form} fields={lossFields(id, setting)} />
    </div>
  );
}
