/** The loss as flags give it: on top of a file's or a run's, by name, or as a mixture `dpo:1,sft:0.2`. */
import { singleLoss } from "../../core/contract/alignment.ts";
import { alignFlags } from "./alignFlags.ts";
import { badFlag } from "./flags.ts";

type Settings = Record<string, unknown>;

/**
 * Flags of a loss change the loss they are on top of; another `--loss` starts from that loss's own defaults. Without
 * any name the default loss is meant. Of a mixture a flag changes every part that has the setting.
 * @param base `loss` of the settings below; anything that is no object counts as none
 * @param given what the flags say of it; `id` is the text of `--loss`
 * @returns undefined when neither says anything
 * @throws bad-setting for a flag that no chosen loss has, and for a mixture that cannot be read
 */
export function lossSettings(base: unknown, given: unknown): Settings | undefined {
  const below = isSettings(base) ? base : {};
  const { id: text, ...changes } = isSettings(given) ? given : {};
  if (Object.keys(below).length === 0 && text === undefined && Object.keys(changes).length === 0) return undefined;
  const chosen = text === undefined ? { id: "stable-alignment", ...below } : chooseLoss(String(text), below);
  const losses = Array.isArray(chosen.losses) ? (chosen.losses as { weight: unknown; loss: Settings }[]) : null;
  const ids = losses === null ? [chosen.id] : losses.map(({ loss }) => loss.id);
  for (const key of Object.keys(changes)) if (!ids.some((id) => hasSetting(id, key))) throw idleFlag(key, ids);
  const changed = (loss: Settings): Settings => {
    const own = Object.entries(changes).filter(([key]) => hasSetting(loss.id, key));
    const settings: Settings = { ...loss, ...Object.fromEntries(own) };
    // The released code knows no sum; its own reduction is the mean.
    const isMean = settings.semantics === "reference" && (settings.reduction ?? "sum") === "sum";
    return isMean && changes.reduction === undefined ? { ...settings, reduction: "mean" } : settings;
  };
  if (losses === null) return changed(chosen);
  return { id: "mixture", losses: losses.map(({ weight, loss }) => ({ weight, loss: changed(loss) })) };
}

/** What `--loss` names; the settings below stay where they are of the same loss. */
function chooseLoss(text: string, below: Settings): Settings {
  if (!/[:,]/.test(text)) {
    if (below.id === text) return below;
    if (text === "mixture")
      throw badFlag("--loss", "a mixture is its losses with their weights, such as dpo:1,sft:0.2");
    return { id: knownLoss(text) };
  }
  const losses = text.split(",").map((part) => {
    const [id = "", weight = "1", ...rest] = part.trim().split(":");
    const value = weight.trim() === "" ? Number.NaN : Number(weight);
    const known = knownLoss(id.trim());
    if (rest.length > 0 || !(value > 0 && Number.isFinite(value)))
      throw badFlag("--loss", `"${part}" is not a loss with a weight above 0, such as dpo:0.8`);
    return { weight: value, loss: { id: known } };
  });
  const twice = losses.find(({ loss }, index) => losses.findIndex((other) => other.loss.id === loss.id) < index);
  if (twice !== undefined)
    throw badFlag("--loss", `${twice.loss.id} stands in it twice; one weight says how much it counts`);
  return { id: "mixture", losses };
}

function knownLoss(id: string): string {
  const ids = singleLoss.options.map((option) => option.shape.id.value as string);
  if (!ids.includes(id)) throw badFlag("--loss", `"${id}" is none of ${ids.join(", ")}`);
  return id;
}

/** A loss that does not exist has every setting: the schema says what is wrong with it. */
function hasSetting(id: unknown, key: string): boolean {
  const loss = singleLoss.options.find((option) => option.shape.id.value === id);
  return loss === undefined || key in loss.shape;
}

function idleFlag(key: string, ids: readonly unknown[]) {
  const flag = alignFlags.find((candidate) => candidate.path === `loss.${key}`);
  return badFlag(flag?.flags.split(" ")[0] ?? key, `the ${ids.join(" or ")} loss has no such setting`);
}

function isSettings(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
