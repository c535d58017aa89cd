/** `--effort`: one dial under the single flags. */
import { type EffortModel, planEffort } from "../../core/alignment/effort.ts";
import { trainingShape } from "../../core/alignment/memory/shape.ts";
import { efforts, lossSettings as lossSchema } from "../../core/contract/alignment.ts";
import { readGgufHeader } from "../../core/models/ggufHeader.ts";
import { badFlag, setAt, valueAt } from "./flags.ts";

type Settings = Record<string, unknown>;

/** What the dial set, and why. */
export interface DialledSetting {
  readonly setting: string;
  readonly value: unknown;
  readonly reason: string;
}

/**
 * The dial wins over a settings file and a run's own settings, flags win over the dial.
 * @param given by flags
 * @param chosen these and what a file or a run has, with their loss
 * @throws bad-setting for a level that does not exist
 */
export async function applyEffort(
  level: string | undefined,
  { given, chosen }: { given: Settings; chosen: Settings },
): Promise<{ settings: Settings; dialled: readonly DialledSetting[] }> {
  if (level === undefined) return { settings: chosen, dialled: [] };
  const effort = efforts.find((candidate) => candidate === level);
  if (effort === undefined) throw badFlag("--effort", `"${level}" is none of ${efforts.join(", ")}`);
  const loss = lossSchema.safeParse(chosen.loss ?? { id: "stable-alignment" }).data ?? lossSchema.parse({ id: "sft" });
  const plan = planEffort(effort, { loss, model: await modelOf(chosen.model), byHand: given });
  const dialled = plan.reasons
    .filter(({ setting }) => valueAt(given, setting) === undefined)
    .map(({ setting, reason }) => ({ setting, reason, value: valueAt(plan.settings, setting) }));
  const settings = structuredClone(chosen);
  for (const { setting, value } of dialled) setAt(settings, setting, value);
  return { settings, dialled };
}

/** Null when the file cannot be read: what is wrong with it is said when it is trained. */
async function modelOf(path: unknown): Promise<EffortModel | null> {
  if (typeof path !== "string") return null;
  try {
    const header = await readGgufHeader(path);
    const weights = header.tensors.reduce((sum, { elements }) => sum + elements, 0);
    return { ...trainingShape(header), weights };
  } catch {
    return null;
  }
}
