import { describe, expect, it } from "vitest";
import { alignFlags } from "../../cli/settings/alignFlags.ts";
import { evaluationFlags } from "../../cli/settings/evaluationFlags.ts";
import { parseSettings } from "../../cli/settings/flags.ts";
import { societyFlags } from "../../cli/settings/societyFlags.ts";
import { alignConfig } from "../../core/contract/alignment.ts";
import { firstComplaint } from "../../core/contract/complaints.ts";
import { evaluationConfig } from "../../core/contract/evaluation.ts";
import { societyConfig } from "../../core/contract/society.ts";
import { problemsOf } from "../../core/workbench/checkSettings.ts";

/** Words of the library that checks, which say nothing to who set the value. */
const jargon =
  /Invalid|expected|received|Too (small|big)|discriminator|Unrecognized|undefined|NaN|\[object|[<>]=?\s*\d/;

const wrong = ["x", "", -1, 1.5, 1e30, true, null, [], ["x"], {}, { id: "x" }, { first: 0 }, { x: 1 }] as const;

const subjects = [
  ["alignment", alignConfig, { model: "m", data: "d" }, alignFlags],
  ["society", societyConfig, { populations: [{ model: "m" }], questions: { path: "q" } }, societyFlags],
  ["evaluation", evaluationConfig, { model: "m", questions: "q" }, evaluationFlags],
] as const;

describe("a setting that cannot be used is refused in the program's own words", () => {
  it.each(subjects)("of a %s: everywhere, whatever it is set to, in both faces", (_, schema, usual, flags) => {
    let refused = 0;
    for (const path of leaves(schema.parse(usual)))
      for (const value of wrong) {
        const draft = withValue(usual, path, value);
        const parsed = schema.safeParse(draft);
        if (parsed.success) continue;
        refused++;
        for (const { message } of problemsOf(parsed.error, draft)) expect(message, path).toMatch(/^It .*[^.]\.$/);
        const shown = problemsOf(parsed.error, draft).map(({ message }) => message);
        for (const said of [...shown, terminalSays(() => parseSettings(schema, draft, flags))]) {
          expect(said, `${path} = ${JSON.stringify(value)}`).not.toMatch(jargon);
        }
      }
    expect(refused).toBeGreaterThan(100);
  });

  it("says what would be right, and what stands there instead", () => {
    const said = (draft: object) => {
      const whole = { model: "m", data: "d", ...draft };
      const { error } = alignConfig.safeParse(whole);
      return error === undefined ? null : firstComplaint(error, whole);
    };
    expect(said({ loss: { id: "foo" } })).toMatch(
      /^loss.id must be one of stable-alignment, .* or mixture, not "foo"$/,
    );
    expect(said({ optimizer: { beta1: 1 } })).toBe("optimizer.beta1 must be below 1");
    expect(said({ lora: { rank: 0 } })).toBe("lora.rank must be at least 1");
    expect(said({ gpuLayers: "all" })).toBe('gpuLayers must be auto or a number, not "all"');
    expect(said({ lora: { ranks: { attn_x: 8 } } })).toBe("lora.ranks names attn_x, which does not exist");
    expect(said({ samples: { prompts: Array(17).fill("a") } })).toBe("samples.prompts must have at most 16 entries");
    expect(said({ loss: { id: "mixture" } })).toBe("loss.losses is not set");
    expect(said({ data: undefined })).toBe("data is not set");
  });
});

function terminalSays(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("It was not refused.");
}

/** Dotted names of everything that can be set, objects as well. */
function leaves(value: object, prefix = ""): string[] {
  return Object.entries(value).flatMap(([key, inner]) => [
    `${prefix}${key}`,
    ...(typeof inner === "object" && inner !== null ? leaves(inner, `${prefix}${key}.`) : []),
  ]);
}

function withValue(usual: object, path: string, value: unknown): object {
  const draft = structuredClone(usual) as Record<string, unknown>;
  const keys = path.split(".");
  let inner = draft;
  for (const key of keys.slice(0, -1)) {
    if (typeof inner[key] !== "object" || inner[key] === null)
      inner[key] = key === "loss" ? { id: "stable-alignment" } : {};
    inner = inner[key] as Record<string, unknown>;
  }
  inner[keys.at(-1) as string] = value;
  return draft;
}
