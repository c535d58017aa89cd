import { singleLoss } from "../../../core/contract/alignment.ts";
import { Segmented, SelectInput } from "../../components/choices.tsx";
import { NumberInput } from "../../components/fields.tsx";
import { Row } from "../../forms/Section.tsx";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";

const words = text.align.setup;

type LossId = keyof typeof words.losses;
const losses = Object.keys(words.losses) as LossId[];

/** Numbers of each loss that can be set; those of `stable-alignment` have their own fields. */
const numbers: Readonly<Record<LossId, readonly ("beta" | "gamma" | "lossAlpha")[]>> = {
  "stable-alignment": [],
  sft: [],
  dpo: ["beta"],
  ipo: ["beta"],
  simpo: ["beta", "gamma"],
  orpo: ["beta"],
  "cpo-xu": ["beta", "lossAlpha"],
};

/** A mixture has no form: it comes from a file or another run, and stays as it is. */
function lossOf(form: SettingsForm): LossId | null {
  const id = form.text("loss.id");
  return id === "" ? "stable-alignment" : (losses.find((known) => known === id) ?? null);
}

export function lossName(form: SettingsForm): string {
  const loss = lossOf(form);
  return loss === null ? words.mixture : words.losses[loss];
}

/** Which loss, and what can be set about it. */
export function LossFields({ form }: { readonly form: SettingsForm }) {
  const loss = lossOf(form);
  return (
    <>
      <SelectInput
        label={words.loss}
        explanation={loss === null ? words.mixtureText : words.lossTexts[loss]}
        value={loss}
        placeholder={words.mixture}
        onChange={(id) => form.set("loss", singleLoss.parse({ id }))}
        choices={losses.map((id) => ({ id, name: words.losses[id] }))}
        problem={form.problem("loss.id")}
        setting="loss.id"
      />
      {loss === "stable-alignment" ? <StableAlignmentFields form={form} /> : null}
      {loss === null || numbers[loss].length === 0 ? null : (
        <Row>
          {numbers[loss].map((name) => {
            const setting = `loss.${name === "lossAlpha" ? "alpha" : name}`;
            return (
              <NumberInput
                key={name}
                label={words[name]}
                value={form.number(setting)}
                minimum={0}
                onChange={(n) => form.set(setting, n)}
                problem={form.problem(setting)}
                setting={setting}
              />
            );
          })}
        </Row>
      )}
    </>
  );
}

function StableAlignmentFields({ form }: { readonly form: SettingsForm }) {
  const number = (name: "margin" | "ratio" | "ratingScale") => (
    <NumberInput
      label={words[name]}
      value={form.number(`loss.${name}`)}
      minimum={0}
      onChange={(n) => form.set(`loss.${name}`, n)}
      problem={form.problem(`loss.${name}`)}
      setting={`loss.${name}`}
    />
  );
  return (
    <>
      <Segmented
        label={words.semantics}
        value={form.text("loss.semantics") as "paper" | "reference"}
        onChange={(value) =>
          form.setAll({ "loss.semantics": value, "loss.reduction": value === "paper" ? "sum" : "mean" })
        }
        choices={(["paper", "reference"] as const).map((id) => ({ id, name: words.semanticsChoices[id] }))}
      />
      <Segmented
        label={words.reduction}
        value={form.text("loss.reduction") as "sum" | "mean" | "max"}
        onChange={(value) => form.set("loss.reduction", value)}
        choices={(["sum", "mean", "max"] as const)
          // The released code has mean and max only.
          .filter((id) => id !== "sum" || form.text("loss.semantics") === "paper")
          .map((id) => ({ id, name: words.reductions[id] }))}
        problem={form.problem("loss.reduction")}
      />
      <Row>
        {number("margin")}
        {number("ratio")}
        {number("ratingScale")}
      </Row>
    </>
  );
}
