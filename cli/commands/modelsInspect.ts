/** `folkmoot models inspect`: what a GGUF is, without loading it. */
import { basename } from "node:path";
import { Command } from "commander";
import type { ModelDescription } from "../../core/contract/models.ts";
import { formatBytes, formatCount, formatShare } from "../output/format.ts";
import { renderPairs } from "../output/table.ts";
import type { RunCommand } from "../program.ts";
import { asNumber } from "../settings/flags.ts";
import { absolute, addExample, addOutputFlags } from "./common.ts";

interface Flags {
  readonly hash?: boolean;
  readonly sequences: string;
  readonly contextSize?: string;
}

export function modelsInspectCommand(run: RunCommand): Command {
  const command = new Command("inspect")
    .description("Show architecture, size, quantization and memory of a GGUF, read from its header only.")
    .argument("<file>", "GGUF of a model or an adapter")
    .option("--hash", "SHA-256 as well; reads the whole file")
    .option("--sequences <n>", "sequences that the memory estimate is made for", "16")
    .option("--context-size <n>", "tokens per sequence of that estimate (default: that of a load)");
  addOutputFlags(command);
  addExample(command, "folkmoot models inspect resources/models/village.gguf --hash");
  command.action((file: string, flags: Flags) =>
    run(command, async ({ terminal, workbench, signal, workingFolder }) => {
      const number = (text: string, flag: string) => asNumber(text, { flag, workingFolder });
      const engine = await workbench.engine();
      const description = await engine.models.inspect(
        {
          path: absolute(workingFolder, file),
          hash: flags.hash === true,
          sequences: number(flags.sequences, "--sequences"),
          contextSize: flags.contextSize === undefined ? null : number(flags.contextSize, "--context-size"),
        },
        { signal },
      );
      terminal.result(description, describe(description));
    }),
  );
  return command;
}

function describe(model: ModelDescription): string {
  const mix = Object.entries(model.quantizationMix)
    .sort(([, a], [, b]) => b - a)
    .map(([type, share]) => `${type} ${formatShare(share)}`)
    .join(", ");
  const shape: [string, number | null][] = [
    ["layers", model.layers],
    ["embedding", model.embedding],
    ["feed-forward", model.feedForward],
    ["heads", model.heads],
    ["KV heads", model.kvHeads],
    ["vocabulary", model.vocabulary],
    ["context", model.contextLength],
  ];
  const { memory, adapter } = model;
  return renderPairs([
    ...model.files.map(({ path }, i): [string, string] => [i === 0 ? "file" : "", path]),
    ["kind", adapter === null ? model.kind : `${model.kind}, rank ${adapter.rank}, alpha ${adapter.alpha}`],
    ["name", model.name ?? "–"],
    ["architecture", model.architecture],
    ["parameters", formatCount(model.parameters)],
    ["quantization", `${model.quantization}  (${mix})`],
    ["size", formatBytes(model.bytes)],
    ...shape
      .filter(([, value]) => value !== null)
      .map(([name, value]): [string, string] => [name, formatCount(value ?? 0)]),
    ["tokenizer", model.tokenizer ?? "–"],
    ["chat template", model.hasChatTemplate ? "yes" : "no"],
    ["licence", model.licence ?? "–"],
    ["trainable", model.trainable.possible ? "yes" : `no: ${model.trainable.reason ?? "unknown"}`],
    ...(memory === null
      ? []
      : [
          [
            "memory",
            `${formatBytes(memory.total)} estimated = weights ${formatBytes(memory.weights)} + KV cache ${formatBytes(memory.keyValueCache)} + compute ${formatBytes(memory.compute)}`,
          ] satisfies [string, string],
          ["", `for ${memory.sequences} sequences of ${formatCount(memory.contextSize)} tokens`] satisfies [
            string,
            string,
          ],
        ]),
    ...(model.hash === null ? [] : [["sha256", model.hash] satisfies [string, string]]),
    ...(model.files.length === 1 ? [] : model.files)
      .filter(({ hash }) => hash !== null)
      .map(({ path, hash }): [string, string] => ["", `${hash}  ${basename(path)}`]),
  ]);
}
