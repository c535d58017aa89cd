/** Losses as a form sees them: which there are, what can be set about each, and mixtures of them. */
import { type SingleLossSettings, singleLoss } from "../../../core/contract/alignment.ts";
import { numberText } from "../../components/numberText.ts";
import type { FieldDescription, NumberDescription, SectionDescription } from "../../forms/description.ts";
import { settingAt } from "../../forms/settings.ts";
import { text } from "../../text/en.ts";

const words = text.align.setup;

export type LossId = SingleLossSettings["id"];
export const lossIds = Object.keys(words.losses) as readonly LossId[];
/** One loss of a form: where it stands in the settings, and its weight where there are several. */
export interface LossPart {
  readonly id: LossId;
  /** Dotted name of its settings: `loss`, or `loss.losses.1.loss`. */
  readonly setting: string;
  /** Dotted name of its weight; null for the only one. */
  readonly weight: string | null;
}

/** The losses of a draft, in their order; of a draft that has none the default. */
export function lossParts(loss: unknown): LossPart[] {
  const parts = settingAt(loss, "losses");
  if (settingAt(loss, "id") !== "mixture" || !Array.isArray(parts))
    return [{ id: idOf(loss), setting: "loss", weight: null }];
  return parts.map((part, index) => ({
    id: idOf(settingAt(part, "loss")),
    setting: `loss.losses.${index}.loss`,
    weight: `loss.losses.${index}.weight`,
  }));
}

/** With one more loss, of which the draft has none yet where there is such a one. */
export function withLoss(loss: unknown): unknown {
  const parts = weighted(loss);
  const next = lossIds.find((id) => parts.every((part) => idOf(part.loss) !== id)) ?? "sft";
  return { id: "mixture", losses: [...parts, { weight: 1, loss: singleLoss.parse({ id: next }) }] };
}

/** Without the loss at `index`; the last one left stands by itself. */
export function withoutLoss(loss: unknown, index: number): unknown {
  const parts = weighted(loss).filter((_, at) => at !== index);
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only.loss : { id: "mixture", losses: parts };
}

/** With another loss, all its settings as usual, in the place of one. */
export function lossOf(id: LossId): SingleLossSettings {
  return singleLoss.parse({ id });
}

/** What the losses are called together, e.g. `1 × DPO + 0.2 × SFT`. */
export function lossName(loss: unknown): string {
  const parts = lossParts(loss);
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return words.losses[only.id];
  return weighted(loss)
    .map(({ weight, loss: one }) => words.weighted(numberText(Number(weight)), words.losses[idOf(one)]))
    .join(" + ");
}

/** @param setting dotted name of the loss's settings */
export function lossFields(id: LossId, setting: string): SectionDescription["fields"] {
  const at = (key: string) => `${setting}.${key}`;
  const number = (key: string, label: string, explanation: string, step: number): NumberDescription => ({
    kind: "number",
    setting: at(key),
    label,
    explanation,
    step,
  });
  switch (id) {
    case "sft":
      return [];
    case "stable-alignment":
      return [
        ...stableAlignmentChoices(at),
        [
          number("margin", words.margin, words.marginText, 0.1),
          number("ratio", words.ratio, words.ratioText, 0.05),
          number("ratingScale", words.ratingScale, words.ratingScaleText, 1),
        ],
      ];
    case "simpo":
      return [
        [number("beta", words.beta, words.betaTexts.simpo, 0.1), number("gamma", words.gamma, words.gammaText, 0.1)],
      ];
    case "cpo-xu":
      return [
        [
          number("beta", words.beta, words.betaTexts["cpo-xu"], 0.05),
          number("alpha", words.lossAlpha, words.lossAlphaText, 0.1),
        ],
      ];
    default:
      return [[number("beta", words.beta, words.betaTexts[id], 0.05)]];
  }
}

function stableAlignmentChoices(at: (key: string) => string): FieldDescription[] {
  return [
    {
      kind: "choice",
      setting: at("semantics"),
      label: words.semantics,
      explanation: words.semanticsText,
      choices: words.semanticsChoices,
      // The released code has mean and max only.
      sets: (id, form) => ({
        [at("reduction")]:
          id === "reference" && form.text(at("reduction")) === "sum" ? "mean" : form.text(at("reduction")),
      }),
    },
    {
      kind: "choice",
      setting: at("reduction"),
      label: words.reduction,
      choices: words.reductions,
      offered: (form) =>
        Object.keys(words.reductions).filter((id) => id !== "sum" || form.text(at("semantics")) === "paper"),
    },
  ];
}

function weighted(loss: unknown): { readonly weight: unknown; readonly loss: unknown }[] {
  const parts = settingAt(loss, "losses");
  return Array.isArray(parts) ? parts : [{ weight: 1, loss: loss ?? lossOf("stable-alignment") }];
}

function idOf(loss: unknown): LossId {
  const id = settingAt(loss, "id");
  return lossIds.find((known) => known === id) ?? "stable-alignment";
}
