/** The training part of the recorded service. */
import type { implement } from "@orpc/server";
import { planEffort } from "../../../core/alignment/effort.ts";
import { alignConfig, type MetricsLine } from "../../../core/contract/alignment.ts";
import type { WorkbenchContract } from "../../../core/contract/workbench.ts";
import { randomStream } from "../../../core/random.ts";
import type { RecordedWorld } from "./recordedWorld.ts";

type Implementer = ReturnType<typeof implement<WorkbenchContract>>;

export function metricsLineAt(step: number): MetricsLine {
  const random = randomStream(11, step);
  const loss = 1.6 + 1.4 * Math.exp(-step / 500) + random.normal() * 0.08 + (step % 617 === 0 ? 9 : 0);
  return {
    step,
    epoch: step / 1000,
    loss,
    nll: loss - 0.2,
    penalty: Math.max(0, 0.2 + random.normal() * 0.04),
    margin: 0.4 + 1.2 * (1 - Math.exp(-step / 400)) + random.normal() * 0.1,
    accuracy: Math.min(1, 0.5 + 0.45 * (1 - Math.exp(-step / 300)) + random.normal() * 0.05),
    gradNorm: Math.abs(0.8 + random.normal() * 0.3),
    learningRate: 1e-4 * (0.5 + 0.5 * Math.cos((Math.min(step, 2000) / 2000) * Math.PI)),
    tokens: 2100 + random.integer(400),
  };
}

const planned = { weights: 135e6, layers: 30, attention: 576, keyValue: 192, fused: false };
const { model: _model, data: _data, ...defaults } = alignConfig.parse({ model: "", data: "" });

export function recordedAlign(os: Implementer, world: RecordedWorld) {
  return {
    align: {
      defaults: os.align.defaults.handler(({ input: { model, data, effort, byHand } }) => {
        const { settings, reasons } = planEffort(effort, { loss: defaults.loss, model: planned, byHand });
        const optimizer = { ...defaults.optimizer, ...settings.optimizer };
        return {
          config: {
            ...defaults,
            ...settings,
            optimizer,
            ...(model === null ? {} : { model }),
            ...(data === null ? {} : { data }),
          },
          reasons: [...reasons],
        };
      }),
      preview: os.align.preview.handler(() => ({
        problems: [],
        memory: {
          card: null,
          weights: 25e6,
          copies: 18e6,
          adapter: 4e6,
          activations: 120e6,
          work: 42e6,
          program: 190e6,
          total: 399e6,
          free: 40e9,
          verdict: "fits" as const,
          keepsActivations: true,
          ofRows: true,
          measured: false,
          advice: null,
        },
        steps: 294,
        rows: { rows: 1240, training: 1178, evaluation: 62, pairless: 0 },
        parameters: 1_204_224,
      })),
      start: os.align.start.handler(({ input }) => ({ job: "align-2", run: "align-2", config: input.config as never })),
      metrics: os.align.metrics.handler(({ input }) => {
        const from = input.from ?? 1;
        const to = Math.min(input.to ?? world.steps, world.steps);
        const stride = Math.max(1, Math.ceil((to - from + 1) / input.points));
        const x: number[] = [];
        const lines: MetricsLine[] = [];
        for (let step = from; step <= to; step += stride) {
          x.push(step);
          lines.push(metricsLineAt(step));
        }
        return {
          run: input.run,
          steps: world.steps,
          raw: stride === 1,
          series: input.names.map((name) => ({ name, x, y: lines.map((line) => line[name] as number | null) })),
          evaluations: [],
        };
      }),
      samples: os.align.samples.handler(() =>
        [0, 400, 800].map((step) => ({
          step,
          samples: [
            {
              prompt: "May I keep the spare key when the teacher does not ask for it?",
              base: "I would keep it. Nobody will notice.",
              tuned: step === 0 ? null : "Give it back, even if nobody asks: it belongs to the teacher.",
            },
          ],
        })),
      ),
      checkpoints: os.align.checkpoints.handler(() =>
        [4, 3, 2, 1].map((n) => ({
          step: Math.round((world.steps * n) / 5),
          directory: `/home/anna/folkmoot/runs/align-2/checkpoints/${n}`,
          adapter: `/home/anna/folkmoot/runs/align-2/checkpoints/${n}/adapter.gguf`,
          bytes: 4_816_896,
          at: world.now - (5 - n) * 60_000,
          evaluationLoss: 1.9 - 0.05 * n,
          best: n === 4,
        })),
      ),
    },
  };
}
