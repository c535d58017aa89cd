import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fingerprintOf } from "../../../core/alignment/fingerprint.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { contextWithFactors, longestRow, longRopeOf } from "../../../core/models/longRope.ts";
import { bindingSettings, runId } from "../../../core/workspace/runId.ts";
import { align, newDirectory, settings } from "./session.ts";

const header = (name: string) =>
  readGgufHeader(join(import.meta.dirname, "..", "..", "fixtures", "cases", name, "model.gguf"));

describe("models with two sets of RoPE factors", () => {
  it("are known by their file", async () => {
    expect(longRopeOf(await header("phi3-long"))).toEqual({ originalContext: 32, trainedContext: 512 });
    expect(longRopeOf(await header("phi3"))).toBeNull();
    expect(longRopeOf(await header("llama"))).toBeNull();
  });

  it("are proven and sampled in a context in which llama.cpp takes the factors that were trained", () => {
    const phi = { originalContext: 4096, trainedContext: 131_072 };
    expect(contextWithFactors(phi, null, 512)).toBe(512);
    expect(contextWithFactors(phi, null, 8000)).toBe(4096);
    expect(contextWithFactors(phi, 8192, 512)).toBe(4097);
    expect(contextWithFactors(phi, 8192, 6000)).toBe(6000);
    // llama.cpp makes 256 of every smaller context: beyond 200, so that the short ones are never taken.
    expect(contextWithFactors({ originalContext: 200, trainedContext: 512 }, null, 64)).toBeNull();
  });

  it("learn no row that is longer than the context whose factors they are trained with", () => {
    const phi = { originalContext: 4096, trainedContext: 131_072 };
    expect([null, 3000, 8192, 1_000_000].map((context) => longestRow(phi, context))).toEqual([
      4096, 4096, 8192, 131_072,
    ]);
  });
});

describe("a training of such a model", () => {
  const longRope = { originalContext: 32, trainedContext: 128 };
  const told = async (over: object, rope: typeof longRope | null = longRope) => {
    const { events, error } = await align({ config: settings({ maxSteps: 1, ...over }), longRope: rope });
    expect(error).toBeUndefined();
    const of = (type: "notice" | "warning") =>
      events.flatMap((event) => (event.type === type ? [event.message] : [])).join("\n");
    return { notices: of("notice"), warnings: of("warning") };
  };

  it("says with which factors, up to which context the adapter is right, and how to serve it beyond", async () => {
    const roomy = { originalContext: 256, trainedContext: 512 };
    const short = await told({ maxLength: 32 }, roomy);
    expect(short.notices).toMatch(/short ones.*up to 256 tokens.*--context-length N/);
    const long = await told({ maxLength: 32, contextLength: 512 }, roomy);
    expect(long.notices).toMatch(/long ones.*more than 256 tokens, up to 512, .*without --context-length/);
    // Evaluation, chat and exports keep to it by themselves: nothing to warn of.
    expect([short.warnings, long.warnings]).toEqual(["", ""]);
    expect(await told({ maxLength: 32 }, null)).toEqual({ notices: "", warnings: "" });
  });

  it("warns where llama.cpp opens no context with the factors that are trained", async () => {
    expect((await told({ maxLength: 32 })).warnings).toMatch(/256 tokens at least.*--context-length 256/);
    expect((await told({ maxLength: 32, contextLength: 64 })).warnings).toBe("");
  });

  it("cuts rows at that context", async () => {
    expect((await told({ maxLength: 100 })).warnings).toContain("cut at 32 tokens");
    expect((await told({ maxLength: 100, contextLength: 64 })).warnings).toContain("cut at 64 tokens");
  });

  it("takes no reference of the base under other factors from the disk", async () => {
    const cache = newDirectory();
    const config = (contextLength: number | null) => settings({ maxSteps: 1, loss: { id: "dpo" }, contextLength });
    const forwards = async (contextLength: number | null) =>
      (await align({ config: config(contextLength), longRope, cache })).trainer.calls.forward;
    const computed = await forwards(null);
    expect(await forwards(null)).toBeLessThan(computed ?? 0);
    expect(await forwards(64)).toBe(computed);
  });

  it("is another one with other factors: fingerprint and run id know the context, older ones stay as they are", () => {
    const hash = (over: object) =>
      fingerprintOf(settings(over), { model: "m", data: "d", device: "CPU", products: {} }).hash;
    expect(hash({ contextLength: 64 })).not.toBe(hash({}));
    expect(hash({ contextLength: null })).toBe(hash({}));
    expect(runId(settings({ contextLength: 64 }), {})).not.toBe(runId(settings(), {}));
    expect(bindingSettings(settings({ contextLength: 64 }))).toMatchObject({ contextLength: 64 });
  });
});
