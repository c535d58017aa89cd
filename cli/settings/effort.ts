/** `--effort`: one dial under the single flags. */
import { type EffortPlan, planEffort } from "../../core/alignment/effort.ts";
import { efforts, lossSettings as lossSchema } from "../../core/contract/alignment.ts";
import { readGgufHeader } from "../../core/models/ggufHeader.ts";
import { badFlag, mergeSettings } from "./flags.ts";

type Settings = Record<string, unknown>;

/**
 * @param layers `base` from a file or a run, `given` by flags, `chosen` both with their loss
 * @returns the settings, with the dial between the two, and why it chose what it chose
 * @throws bad-setting for a level that does not exist
 */
export async function applyEffort(
  level: string | undefined,
  { base, given, chosen }: { base: Settings; given: Settings; chosen: Settings },
): Promise<{ settings: Settings; reasons: EffortPlan["reasons"] }> {
  if (level === undefined) return { settings: chosen, reasons: [] };
  const effort = efforts.find((candidate) => candidate === level);
  if (effort === undefined) throw badFlag("--effort", `"${level}" is none of ${efforts.join(", ")}`);
  const loss = lossSchema.safeParse(chosen.loss ?? { id: "stable-alignment" }).data ?? lossSchema.parse({ id: "sft" });
  const plan = planEffort(effort, { loss, model: await weightsOf(chosen.model) });
  const dialled = mergeSettings(base, plan.settings as unknown as Settings);
  const settings = mergeSettings(dialled, given);
  return {
    settings: chosen.loss === undefined ? settings : { ...settings, loss: chosen.loss },
    reasons: plan.reasons.filter(({ setting }) => !isGiven(given, setting)),
  };
}

/** Null when the file cannot be read: what is wrong with it is said when it is trained. */
async function weightsOf(model: unknown): Promise<number | null> {
  if (typeof model !== "string") return null;
  const header = await readGgufHeader(model).catch(() => null);
  return header === null ? null : header.tensors.reduce((sum, { elements }) => sum + elements, 0);
}

function isGiven(given: Settings, path: string): boolean {
  const value = path.split(".").reduce<unknown>((inner, key) => (inner as Settings | undefined)?.[key], given);
  return value !== undefined;
}
