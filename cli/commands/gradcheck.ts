/** `folkmoot gradcheck`: loss and every gradient of one case, to be held against another implementation. */
import { Command, Option } from "commander";
import type { z } from "zod";
import { type GpuChoice, gpuChoice } from "../../core/contract/device.ts";
import { gradcheckInput } from "../../core/contract/jobs.ts";
import { formatNumber } from "../output/format.ts";
import { renderPairs } from "../output/table.ts";
import type { RunCommand } from "../program.ts";
import { asNumber } from "../settings/flags.ts";
import { absolute, addExample, addOutputFlags } from "./common.ts";

interface Flags {
  readonly model: string;
  readonly adapter: string;
  readonly case: string;
  readonly mode: (typeof gradcheckInput)["shape"]["mode"]["options"][number];
  readonly grads?: string;
  readonly threads: string;
  readonly gpu: GpuChoice;
  readonly products: z.infer<(typeof gradcheckInput)["shape"]["products"]>;
}

export function gradcheckCommand(run: RunCommand): Command {
  const command = new Command("gradcheck")
    .description("Compute log-probabilities, loss and every LoRA gradient of one case.")
    .requiredOption("--model <file>", "GGUF of the base model")
    .requiredOption("--adapter <file>", "LoRA GGUF at which the gradient is taken")
    .requiredOption(
      "--case <file>",
      "JSON: query, responses (token ids), scores, ratingScale, margin, ratio; optional contextLength",
    )
    .addOption(
      new Option("--mode <name>", "semantics and reduction of the loss")
        .choices(gradcheckInput.shape.mode.options)
        .default("paper-sum"),
    )
    .option("--grads <file>", "GGUF that receives every gradient tensor, under the adapter's names")
    .option("--threads <n>", "compute threads, 0 = one per core", "0")
    .addOption(
      new Option("--gpu <name>", "where it computes; off: the processor").choices(gpuChoice.options).default("off"),
    )
    .addOption(
      new Option(
        "--products <name>",
        "how the processor multiplies; automatic: as align does, in BF16 where that is fast",
      )
        .choices(["automatic", "portable", "float32", "ggml"])
        .default("float32"),
    );
  addOutputFlags(command);
  addExample(command, "folkmoot gradcheck --model M.gguf --adapter A.gguf --case case.json --mode paper-mean --json");
  command.action((flags: Flags) =>
    run(command, async ({ terminal, workbench, signal, workingFolder }) => {
      const trainer = await workbench.trainer();
      const grads = flags.grads === undefined ? null : absolute(workingFolder, flags.grads);
      const result = await trainer.gradcheck(
        {
          model: absolute(workingFolder, flags.model),
          adapter: absolute(workingFolder, flags.adapter),
          case: absolute(workingFolder, flags.case),
          mode: flags.mode,
          grads,
          gpu: flags.gpu,
          products: flags.products,
          threads: asNumber(flags.threads, { flag: "--threads", workingFolder }),
        },
        { signal },
      );
      terminal.result(
        result,
        renderPairs([
          ["loss", String(result.loss)],
          ["nll per response", result.nll.map(formatNumber).join("  ")],
          ["penalty", String(result.penalty)],
          ["gradient norm", String(result.gradNorm)],
          ...(grads === null ? [] : [["gradients", grads] satisfies [string, string]]),
        ]),
      );
    }),
  );
  return command;
}
