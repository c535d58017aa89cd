/** The context of a society, an evaluation or an alignment, before it starts: what a model cannot hold is said of the setting. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openWorkbench } from "../../../core/workbench/openWorkbench.ts";
import { workbenchClient } from "../../../core/workbench/router/router.ts";
import { cardsOnly } from "../../support/cardsOnly.ts";
import { checkedClient } from "../../support/checkedContract.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { writeTinyModel } from "../../support/tinyModels.ts";
import { writeMaterial } from "../../support/workbenchFaces.ts";

async function setup() {
  const folder = await temporaryFolder();
  const workbench = await openWorkbench({ workspace: join(folder, "workspace"), hosts: cardsOnly(), resources: null });
  const small = join(folder, "small.gguf");
  const metadata = { "llama.context_length": { type: "u32", value: 300 } } as const;
  await writeTinyModel(small, { tied: true, ropeFactors: false, seed: 3, metadata });
  return {
    // Trained on 512 tokens.
    material: await writeMaterial(folder),
    /** Trained on 300. */
    small,
    client: checkedClient(workbenchClient(workbench)),
    [Symbol.asyncDispose]: () => workbench.close(),
  };
}

/** Of the context alone; what else is missing is not looked at. */
const ofContext = (problems: readonly { setting: string; message: string }[]) =>
  problems.filter(({ setting }) => setting === "contextLength").map(({ message }) => message);

describe("the context that is asked for", () => {
  it("is refused to a society where one of its models was trained on less", async () => {
    await using opened = await setup();
    const { client, material, small } = opened;
    const { questions } = material;
    const problems = async (contextLength: number, observer: string | null) => {
      const speaks = observer === null ? null : { model: observer };
      const config = { populations: [{ model: material.model }], observer: speaks, questions: { path: questions } };
      return ofContext((await client.society.preview({ config: { ...config, contextLength } })).problems);
    };
    expect(await problems(512, null)).toEqual([]);
    expect(await problems(513, null)).toEqual([
      expect.stringMatching(/context of 513 tokens .* was trained on 512\.$/),
    ]);
    expect(await problems(512, small)).toEqual([expect.stringContaining("small.gguf was trained on 300")]);
  });

  it("is refused to an evaluation likewise; its judge takes what it can", async () => {
    await using opened = await setup();
    const { client, material, small } = opened;
    const problems = async (contextLength: number, over: object) => {
      const { model, questions } = material;
      const config = { model, questions, contextLength, judge: { model: small }, ...over };
      return ofContext((await client.evaluation.preview({ config })).problems);
    };
    expect(await problems(512, {})).toEqual([]);
    expect(await problems(512, { alignedModel: small })).toEqual([expect.stringContaining("trained on 300")]);
    expect(await problems(600, { alignedModel: small })).toHaveLength(1);
  });

  it("is refused to an alignment likewise: nothing could serve what is trained for it", async () => {
    await using opened = await setup();
    const { client, material, small } = opened;
    const problems = async (contextLength: number, model: string) =>
      ofContext((await client.align.preview({ config: { model, data: "/d.json", contextLength } })).problems);
    expect(await problems(512, material.model)).toEqual([]);
    expect(await problems(300, small)).toEqual([]);
    expect(await problems(301, small)).toEqual([expect.stringMatching(/context of 301 .* was trained on 300\.$/)]);
  });

  it("says nothing of a file that is not there: that is said of the file", async () => {
    await using opened = await setup();
    const { client, material } = opened;
    const config = { model: "/nowhere.gguf", questions: material.questions, contextLength: 512 };
    const { problems } = await client.evaluation.preview({ config });
    expect(problems.map(({ setting }) => setting)).toEqual(expect.arrayContaining(["model"]));
    expect(problems.map(({ setting }) => setting)).not.toContain("settings");
  });
});
