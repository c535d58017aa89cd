/** The forms against the schemas of the jobs: nothing that cannot be set, nothing that has no field, no second truth. */
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { alignFlags } from "../../../cli/settings/alignFlags.ts";
import { evaluationFlags } from "../../../cli/settings/evaluationFlags.ts";
import { alignConfig, lossSettings, singleLoss } from "../../../core/contract/alignment.ts";
import { evaluationConfig } from "../../../core/contract/evaluation.ts";
import { societyConfig } from "../../../core/contract/society.ts";
import { numberText, parseNumber, refusalOf, stepped } from "../../../renderer/components/numberText.ts";
import {
  belongs,
  type FieldDescription,
  fieldFor,
  fieldsOf,
  type SectionDescription,
  settingsIn,
} from "../../../renderer/forms/description.ts";
import { boundsAt, choicesAt, schemaAt, schemaDefaultAt, settingNames } from "../../../renderer/forms/schema.ts";
import { equalSettings, settingAt } from "../../../renderer/forms/settings.ts";
import { alignHead, alignSections } from "../../../renderer/screens/align/fields.ts";
import { withFirstLayer, withLastLayer } from "../../../renderer/screens/align/layers.ts";
import {
  lossFields,
  lossIds,
  lossName,
  lossOf,
  lossParts,
  withLoss,
  withoutLoss,
} from "../../../renderer/screens/align/lossFields.ts";
import { evaluationHead, evaluationSections } from "../../../renderer/screens/evaluate/fields.ts";
import { societyHead, societySections } from "../../../renderer/screens/society/fields.ts";

interface Form {
  readonly schema: z.ZodType;
  readonly sections: readonly SectionDescription[];
  /** A whole configuration with every default. */
  readonly usual: Record<string, unknown>;
  /** Settings without a field, and why. */
  readonly exceptions: Readonly<Record<string, string>>;
}

const forms: Readonly<Record<string, Form>> = {
  society: {
    schema: societyConfig,
    sections: [societyHead, ...societySections],
    usual: societyConfig.parse({ questions: { path: "q.txt" }, populations: [{ model: "m.gguf" }] }),
    exceptions: {
      semantics: "only the paper's is there; the check refuses the other",
      "memory.embedder": "only `lexical` is there; the check refuses a path",
    },
  },
  align: {
    schema: alignConfig,
    sections: [alignHead, ...alignSections],
    usual: alignConfig.parse({ model: "m.gguf", data: "d.json" }),
    exceptions: {},
  },
  evaluation: {
    schema: evaluationConfig,
    sections: [evaluationHead, ...evaluationSections],
    usual: evaluationConfig.parse({ model: "m.gguf", questions: "q.jsonl" }),
    exceptions: {},
  },
};

/** True where one of the fields sets it, alone or with the whole that it belongs to. */
function isSet(sections: readonly SectionDescription[], setting: string): boolean {
  return settingsIn(sections).some((name) => name === setting || belongs(setting, name) || belongs(name, setting));
}

describe.each(Object.entries(forms))("the form of %s", (_, { schema, sections, usual, exceptions }) => {
  const fields = sections.flatMap(fieldsOf);

  it("has only fields of settings that there are, each once", () => {
    for (const setting of settingsIn(sections)) expect(schemaAt(schema, setting), setting).not.toBeNull();
    expect(new Set(settingsIn(sections)).size).toBe(settingsIn(sections).length);
  });

  it("has a field for everything that can be set, but for what is named here", () => {
    const missing = settingNames(schema).filter((setting) => !isSet(sections, setting));
    expect(missing.sort()).toEqual(Object.keys(exceptions).sort());
  });

  it("goes back to the very values that a job has by itself", () => {
    for (const { setting } of fields) {
      const byItself = schemaDefaultAt(schema, setting);
      if (byItself !== undefined) expect(byItself, setting).toEqual(settingAt(usual, setting) ?? null);
    }
  });

  it("offers exactly the choices of the schema", () => {
    for (const field of fields)
      if (field.kind === "choice") {
        const known = choicesAt(schema, field.setting) ?? [];
        expect(Object.keys(field.choices).sort(), field.setting).toEqual([...known].sort());
      }
  });

  it("asks for numbers where the schema takes numbers, and for nothing where nothing is a value", () => {
    for (const field of fields) {
      const inner = schemaAt(schema, field.setting);
      if (field.kind === "number") {
        const usualNumber = settingAt(usual, field.setting);
        const isEmpty = usualNumber === (field.emptyValue ?? null);
        expect(isEmpty || typeof usualNumber === "number", field.setting).toBe(true);
        const takesEmpty = inner?.safeParse(field.emptyValue ?? null).success;
        expect(takesEmpty, `${field.setting} is empty`).toBe(field.empty !== undefined);
      }
      if (field.kind === "switch") expect(inner?.safeParse(true).success, field.setting).toBe(true);
      if (field.kind === "lines") expect(inner?.safeParse(["a"]).success, field.setting).toBe(true);
      if (field.kind === "share") expect(boundsAt(schema, field.setting), field.setting).toMatchObject({ minimum: 0 });
    }
  });

  it("has bounds from the schema: their ends are taken, what lies beyond is refused", () => {
    for (const field of fields.filter(({ kind }) => kind === "number")) {
      const inner = schemaAt(schema, field.setting);
      const { minimum, maximum, whole } = boundsAt(schema, field.setting);
      for (const [end, beyond] of [
        [minimum, -1],
        [maximum, 1],
      ] as const) {
        if (end === undefined) continue;
        expect(inner?.safeParse(end + beyond).success, `${field.setting} ${end + beyond}`).toBe(false);
        // Of an open interval the end is refused as well: only numbers beside it are in it.
        if (whole) expect(inner?.safeParse(end).success, `${field.setting} ${end}`).toBe(true);
      }
      expect(inner?.safeParse(1.5).success === true && whole, field.setting).toBe(false);
    }
  });

  it("names every field and section", () => {
    for (const { label, setting } of fields) expect(label.trim(), setting).not.toBe("");
    expect(new Set(sections.map(({ id }) => id)).size).toBe(sections.length);
  });
});

describe("what the terminal can set of an alignment or an evaluation", () => {
  it.each([
    ["align", alignFlags],
    ["evaluation", evaluationFlags],
  ] as const)("the form of %s can set as well", (name, flags) => {
    const { sections } = forms[name] as Form;
    for (const { path, flags: flag } of flags) {
      const [whole, key] = path.split(".");
      const isOfLoss =
        whole === "loss" &&
        (key === "id" ||
          lossIds.some((id) => settingsIn([{ fields: lossFields(id, "loss") }]).includes(`loss.${key}`)));
      expect(isSet(sections, path) && (whole !== "loss" || isOfLoss), `${flag} (${path})`).toBe(true);
    }
  });
});

describe("losses in the form", () => {
  it("are all of the schema, each with all of its settings", () => {
    expect([...lossIds].sort()).toEqual(singleLoss.options.map(({ shape }) => shape.id.value).sort());
    for (const { shape } of singleLoss.options) {
      const fields = settingsIn([{ fields: lossFields(shape.id.value, "loss") }]);
      const keys = Object.keys(shape).filter((key) => key !== "id");
      expect(fields.sort(), shape.id.value).toEqual(keys.map((key) => `loss.${key}`).sort());
    }
  });

  it("are found in the schema where they stand, alone or in a mixture, with their own bounds and defaults", () => {
    const loss = withLoss(lossOf("simpo"));
    const draft = { loss };
    for (const { id, setting, weight } of lossParts(loss)) {
      for (const field of lossFields(id, setting).flatMap((row) => ("kind" in row ? [row] : row)))
        expect(schemaDefaultAt(alignConfig, field.setting, draft), field.setting).toEqual(
          settingAt(lossOf(id), field.setting.split(".").at(-1) ?? ""),
        );
      expect(boundsAt(alignConfig, weight ?? "", draft)).toMatchObject({ minimum: 0, whole: false });
    }
    expect(schemaDefaultAt(alignConfig, "loss.beta", { loss: lossOf("dpo") })).toBe(0.1);
    expect(schemaDefaultAt(alignConfig, "loss.beta", { loss: lossOf("simpo") })).toBe(2.5);
  });

  it("are mixed and taken apart again without losing what was set", () => {
    const dpo = { ...lossOf("dpo"), beta: 0.3 };
    let mixed: unknown = dpo;
    for (let count = 2; count <= lossIds.length; count++) {
      mixed = withLoss(mixed);
      expect(lossSettings.safeParse(mixed).success, `${count} losses`).toBe(true);
      expect(new Set(lossParts(mixed).map(({ id }) => id)).size, "each another one").toBe(count);
    }
    expect(lossName(mixed)).toMatch(/^1 × DPO \+ 1 × /);
    for (let count = lossIds.length; count > 1; count--) mixed = withoutLoss(mixed, count - 1);
    expect(mixed).toEqual(dpo);
    expect(lossName(mixed)).toBe("DPO");
  });

  it("of a run without a word about them are the usual one", () => {
    expect(lossParts(undefined)).toEqual([{ id: "stable-alignment", setting: "loss", weight: null }]);
    expect(lossSettings.parse(withLoss(null))).toMatchObject({ losses: [{ loss: { id: "stable-alignment" } }, {}] });
  });
});

describe("the range of layers in the form", () => {
  it("is all of them where both ends are reached or left open", () => {
    expect(withFirstLayer(null, null, 16)).toBeNull();
    expect(withFirstLayer(null, 4, 16)).toEqual({ first: 4, last: 15 });
    expect(withLastLayer(null, 7, 16)).toEqual({ first: 0, last: 7 });
    expect(withLastLayer({ first: 4, last: 7 }, null, 16)).toEqual({ first: 4, last: 15 });
    expect(withFirstLayer({ first: 4, last: 7 }, null, 16)).toEqual({ first: 0, last: 7 });
    expect(withFirstLayer({ first: 4, last: 15 }, null, 16)).toBeNull();
    expect(withLastLayer({ first: 0, last: 3 }, 15, 16)).toBeNull();
  });

  it("stays one that the trainer takes where the model is not known", () => {
    for (const range of [withFirstLayer(null, 4, null), withLastLayer({ first: 2, last: 5 }, 9, null)])
      expect(schemaAt(alignConfig, "lora.layers")?.safeParse(range).success).toBe(true);
    expect(withLastLayer({ first: 2, last: 5 }, null, null)).toBeNull();
  });
});

describe("complaints", () => {
  const found = (sections: readonly SectionDescription[], setting: string): FieldDescription | undefined =>
    fieldFor(sections, setting)?.field;

  it("lead to the field of the setting, or to the one that it is a part of", () => {
    const { sections } = forms.society as Form;
    expect(found(sections, "peers")?.setting).toBe("peers");
    expect(found(sections, "populations.1.share")?.setting).toBe("populations");
    expect(found(sections, "personas.2")?.setting).toBe("personas");
    expect(found(sections, "observer.model")?.setting).toBe("observer");
    expect(found(sections, "observer.adapter")?.setting).toBe("observer.adapter");
    expect(found(sections, "questions")?.setting).toMatch(/^questions\./);
    expect(found((forms.align as Form).sections, "loss.losses.1.loss.beta")?.setting).toBe("loss");
    expect(found(sections, "memoryCeiling")).toBeUndefined();
  });

  it("lead to the section that has the field", () => {
    expect(fieldFor(alignSections, "samples.prompts.3")?.section.id).toBe("samples");
  });
});

describe("numbers in fields", () => {
  it("are read as people write them", () => {
    expect(["1e-4", "1e−4", " 0,5 ", ".5", "−3", "12", "5.", "1E3"].map(parseNumber)).toEqual([
      1e-4, 1e-4, 0.5, 0.5, -3, 12, 5, 1000,
    ]);
    expect(["", "e", "1e", "--1", "1e999", "0x10", "10,00,000"].map(parseNumber)).toEqual(Array(7).fill(null));
  });

  it("read thousands as the window writes them, and never as a fraction", () => {
    expect(["1,000", "1,234,567", "12,345.5", "-1,000", "0,125"].map(parseNumber)).toEqual([
      1000, 1_234_567, 12_345.5, -1000, 0.125,
    ]);
  });

  it("say why they are refused, and change nothing about them", () => {
    const range = { minimum: 1, maximum: 1024, whole: true };
    expect([0, 1025, 2.5, Number.NaN, 1, 1024].map((value) => refusalOf(value, range))).toEqual([
      { kind: "smallest", bound: 1 },
      { kind: "largest", bound: 1024 },
      { kind: "whole" },
      { kind: "number" },
      null,
      null,
    ]);
  });

  it("are written without the dust of binary fractions, and read back the same", () => {
    expect([0.1 + 0.2, 1e-8, 0.000123, 512, 0.05, null].map((value) => numberText(value))).toEqual([
      "0.3",
      "1e−8",
      "1.23e−4",
      "512",
      "0.05",
      "",
    ]);
    for (const value of [1e-8, 2.5, 0.001, 7e-5, 123456, -0.25, -2e-5])
      expect(parseNumber(numberText(value))).toBe(value);
    expect(numberText(1 / 3, 2)).toBe("0.33");
  });

  it("step along their grid, and by orders of magnitude where that is how they are set", () => {
    const up = (value: number | null, step: number | "decades") => stepped(value, 1, step, { minimum: 0 });
    const down = (value: number, step: number | "decades") => stepped(value, -1, step, { minimum: 0 });
    expect([up(0.7, 0.1), up(0.75, 0.1), down(0.75, 0.1), up(1, 10), down(0, 1)]).toEqual([0.8, 0.8, 0.7, 10, 0]);
    expect([up(1e-4, "decades"), up(2e-4, "decades"), up(5e-4, "decades"), up(3e-4, "decades")]).toEqual([
      2e-4, 5e-4, 1e-3, 5e-4,
    ]);
    expect([down(1e-4, "decades"), down(3e-4, "decades")]).toEqual([5e-5, 2e-4]);
    expect(stepped(null, 1, 1, { minimum: 1 })).toBe(1);
    expect(stepped(255, 1, 10, { maximum: 256, whole: true })).toBe(256);
  });
});

describe("changed settings", () => {
  it("are told from equal ones whatever the order of their keys", () => {
    expect(equalSettings({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
    for (const [a, b] of [
      [
        [1, 2],
        [2, 1],
      ],
      [{ a: 1 }, { a: 1, b: 2 }],
      [null, {}],
      [[], {}],
      [0, null],
    ])
      expect(equalSettings(a, b), JSON.stringify([a, b])).toBe(false);
  });
});
