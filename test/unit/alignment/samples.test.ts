import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readSamples, type Sampler } from "../../../core/alignment/samples.ts";
import { sha256 } from "../../../core/workspace/hash.ts";
import { align, dieAt, metricsText, settings } from "./session.ts";

describe("samples", () => {
  /** Speaks of the adapter file it was given, so that a wrong or a missing one shows. */
  class EchoSampler implements Sampler {
    readonly asked: (string | null)[] = [];
    async sample(adapter: string | null, prompts: readonly string[]) {
      const voice = adapter === null ? "base" : sha256(readFileSync(adapter)).slice(0, 32);
      this.asked.push(adapter === null ? null : voice);
      return prompts.map((prompt) => `${voice}: ${prompt}`);
    }
  }
  const sampled = (every: number) => settings({ samples: { every, prompts: ["give it back?", "who are you?"] } });

  it("stand side by side at every nth step, the base asked once, and change no number of the run", async () => {
    const sampler = new EchoSampler();
    const { directory, error, result } = await align({ config: sampled(8), sampler });
    expect(error).toBeUndefined();
    const lines = await readSamples(directory);
    expect(lines.map((line) => line.step)).toEqual([0, 8, 16]);
    expect(lines[0]?.samples[0]).toEqual({ prompt: "give it back?", base: "base: give it back?", tuned: null });
    for (const line of lines)
      expect(line.samples.map(({ base }) => base)).toEqual(lines[0]?.samples.map((s) => s.base));
    expect(lines[1]?.samples[0]?.tuned).not.toBe(lines[2]?.samples[0]?.tuned);
    expect(sampler.asked.filter((voice) => voice === null)).toHaveLength(1);
    expect(metricsText(directory)).toBe(metricsText((await align()).directory));
    expect(readdirSync(directory).filter((name) => name.includes("adapter"))).toEqual([]);
    expect(result?.ended).toBe("steps");
  });

  it("killed and resumed they are those of an uninterrupted run, each once", async () => {
    const config = sampled(2);
    const whole = await align({ config, sampler: new EchoSampler() });
    const killed = await align({ config, sampler: new EchoSampler(), faults: dieAt("step", 9) });
    expect((await readSamples(killed.directory)).at(-1)?.step).toBe(8);
    const resumed = await align({ config, sampler: new EchoSampler(), directory: killed.directory });
    expect(resumed.error).toBeUndefined();
    expect(await readSamples(resumed.directory)).toEqual(await readSamples(whole.directory));
  });

  it("a look that fails costs the texts, not the training; said once", async () => {
    const sampler: Sampler = { sample: () => Promise.reject(new Error("no memory for a context")) };
    const { error, events } = await align({ config: sampled(2), sampler });
    expect(error).toBeUndefined();
    const warnings = events.filter((event) => event.type === "warning" && event.message.includes("no memory"));
    expect(warnings).toHaveLength(1);
  });

  it("refuses to begin where nothing can speak or nothing is asked", async () => {
    for (const session of [
      { config: sampled(2) },
      { config: settings({ samples: { every: 2 } }), sampler: new EchoSampler() },
    ]) {
      const { error, trainer } = await align(session);
      expect(error).toMatchObject({ code: "bad-setting" });
      expect(trainer.calls).toEqual({});
    }
  });
});
