import { describe, expect, it } from "vitest";
import type { WorkbenchClient } from "../../../core/contract/workbench.ts";
import { bestStep } from "../../../renderer/screens/align/bestStep.ts";
import { RunCurves } from "../../../renderer/screens/align/RunCurves.ts";
import { looksOf, looksTaken } from "../../../renderer/screens/align/samples.ts";

describe("the best checkpoint", () => {
  it("is the earliest lowest point; none where no point is better than the base", () => {
    const points = [
      { step: 0, loss: 0.4 },
      { step: 10, loss: 0.5 },
      { step: 20, loss: 0.3 },
      { step: 30, loss: 0.3 },
    ];
    expect(bestStep(points)).toBe(20);
    expect(bestStep(points.slice(0, 2))).toBeNull();
    expect(bestStep([])).toBeNull();
  });
});

describe("samples as a list", () => {
  const sample = (base: string, tuned: string | null) => ({ prompt: "May I keep it?", base, tuned });
  const lines = [
    { step: 0, samples: [sample("Yes.", null), sample("No.", null)] },
    { step: 4, samples: [sample("Yes.", "Yes."), sample("No.", "Give it back.")] },
  ];

  it("has the newest look first, with its held-out loss and how many answers changed", () => {
    const looks = looksOf(lines, [{ step: 4, loss: 0.25 }], null);
    expect(looks.map(({ step, heldOut, changed, all }) => [step, heldOut, changed, all])).toEqual([
      [4, 0.25, 1, 2],
      [0, null, 0, 2],
    ]);
  });

  it("of one prompt keeps the number of the prompt and the count over all", () => {
    const [look] = looksOf(lines, [], 1);
    expect(look?.samples.map(({ number, tuned }) => [number, tuned])).toEqual([[1, "Give it back."]]);
    expect(look?.changed).toBe(1);
  });

  it("is asked for again when a look is done: its texts are written, or the next step has come", () => {
    const writing = looksTaken(8, "samples", 4);
    expect(looksTaken(8, "align", 4)).not.toBe(writing);
    expect(looksTaken(9, "align", 4)).not.toBe(looksTaken(8, "align", 4));
    expect(looksTaken(10, "align", 4)).toBe(looksTaken(9, "align", 4));
  });
});

describe("the curves of a run", () => {
  type Asked = Parameters<WorkbenchClient["align"]["metrics"]>[0];

  /** A run whose loss gives likelihood, an idle penalty, and, with `rewards`, what preference losses have. */
  function client(steps: number, rewards: boolean) {
    const asked: Asked[] = [];
    const metrics = async (input: Asked) => {
      asked.push(input);
      const [from, to] = [input.from ?? 1, Math.min(input.to ?? steps, steps)];
      const raw = to - from < (input.points ?? 2000);
      const stride = raw ? 1 : Math.ceil((to - from) / (input.points ?? 2000));
      const x = Array.from({ length: Math.floor((to - from) / stride) + 1 }, (_, i) => from + i * stride);
      const series = (input.names ?? []).map((name) => {
        if (name.startsWith("rewards") && !rewards) return { name, x: [], y: [] };
        return { name, x, y: x.map((step) => (name === "penalty" ? 0 : step)) };
      });
      return { run: input.run, steps, raw, series, evaluations: [{ step: 1, loss: 1, accuracy: null }] };
    };
    return { asked, client: { align: { metrics } } as unknown as WorkbenchClient };
  }

  it("show the panels that the loss has values for, and no others", async () => {
    const plain = new RunCurves("a", client(10, false).client, () => {});
    await plain.follow(null);
    expect([...plain.face.present]).toEqual(["loss", "nll", "margin", "accuracy", "gradNorm", "learningRate"]);
    expect(plain.face.evaluated).toBe(true);
    const preference = new RunCurves("b", client(10, true).client, () => {});
    await preference.follow(null);
    expect([...preference.face.present]).toEqual(
      expect.arrayContaining(["rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies"]),
    );
  });

  it("are smoothed but for the learning rate, which has no noise to hide", async () => {
    const curves = new RunCurves("a", client(10, false).client, () => {});
    await curves.follow(null);
    curves.smooth(5);
    expect(curves.curves.get("loss")?.smoothed.y(9)).toBeLessThan(10);
    expect(curves.curves.get("learningRate")?.smoothed.y(9)).toBe(10);
  });

  it("of a long run become real steps where they are looked at, one curve a request", async () => {
    const made = client(250_000, false);
    const curves = new RunCurves("long", made.client, () => {});
    await curves.follow(null);
    const loss = curves.curves.get("loss");
    expect(curves.face.fineness).toBe("thinned");
    expect(loss?.within(1000, 1200).raw.length).toBeLessThan(125_001);
    const every = new Promise<void>((done) => {
      const stop = curves.watch(() => {
        if (curves.face.fineness !== "every") return;
        stop();
        done();
      });
    });
    curves.look({ from: 1000, to: 1200 });
    await every;
    const closer = made.asked.slice(1);
    expect(closer.every(({ names, points }) => names?.length === 1 && (points ?? 0) <= 4000)).toBe(true);
    const raw = loss?.within(1000, 1200).raw;
    expect(Array.from({ length: 5 }, (_, i) => raw?.x((raw?.lowerBound(1000) ?? 0) + i))).toEqual([
      1000, 1001, 1002, 1003, 1004,
    ]);
    curves.dispose();
  });
});
