import { describe, expect, it } from "vitest";
import { alignFlags } from "../../../cli/settings/alignFlags.ts";
import { dataFlags } from "../../../cli/settings/dataFlags.ts";
import { evaluationFlags } from "../../../cli/settings/evaluationFlags.ts";
import type { SettingFlag } from "../../../cli/settings/flags.ts";
import { societyFlags } from "../../../cli/settings/societyFlags.ts";
import { alignConfig, dataSettings, singleLoss } from "../../../core/contract/alignment.ts";
import { evaluationConfig } from "../../../core/contract/evaluation.ts";
import { societyConfig } from "../../../core/contract/society.ts";

/** Paths of all settings, e.g. `lora.rank`; lists and empty values are leaves. */
function leaves(value: unknown, path: readonly string[] = []): string[] {
  const entries = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  if (entries.length === 0) return [path.join(".")];
  return entries.flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** Settings that no flag reaches. A flag for an object (`grid`) reaches all of it. */
function unreached(config: object, flags: readonly SettingFlag[], elsewhere: readonly string[]): string[] {
  const reached = [...flags.map((flag) => flag.path), ...elsewhere, "version", "kind"];
  return leaves(config).filter(
    (leaf) => !reached.some((path) => leaf === path || leaf.startsWith(`${path}.`) || path.startsWith(`${leaf}.`)),
  );
}

/** A configuration of every loss. */
const alignConfigs = singleLoss.options.map((option) =>
  alignConfig.parse({ model: "m", data: "d", loss: { id: option.shape.id.value } }),
);

describe("every setting has a flag", () => {
  it("of an alignment run, whatever its loss", () => {
    for (const config of alignConfigs) expect(unreached(config, alignFlags, []), config.loss.id).toEqual([]);
  });

  it("of a society, apart from what is a list: populations and personas, which a file gives", () => {
    const config = societyConfig.parse({ populations: [{ model: "m" }], questions: { path: "q" } });
    expect(unreached(config, societyFlags, ["populations", "personas"])).toEqual([]);
  });

  it("of an evaluation and of the data builder", () => {
    expect(unreached(evaluationConfig.parse({ model: "m", questions: "q" }), evaluationFlags, [])).toEqual([]);
    expect(unreached(dataSettings.parse({}), dataFlags, [])).toEqual([]);
  });

  it("and no flag writes to a setting that does not exist", () => {
    const flags: [readonly SettingFlag[], object][] = [
      [alignFlags, Object.assign({}, ...alignConfigs, { loss: Object.assign({}, ...alignConfigs.map((c) => c.loss)) })],
      [dataFlags, dataSettings.parse({})],
      [
        evaluationFlags,
        evaluationConfig.parse({ model: "m", questions: "q", judge: { model: "j" }, trainingData: "t" }),
      ],
      [
        societyFlags,
        societyConfig.parse({ populations: [{ model: "m" }], questions: { path: "q" }, observer: { model: "o" } }),
      ],
    ];
    for (const [declared, config] of flags) {
      const known = leaves(config);
      for (const { path } of declared)
        expect(
          known.some((leaf) => leaf === path || leaf.startsWith(`${path}.`)),
          path,
        ).toBe(true);
    }
  });
});
