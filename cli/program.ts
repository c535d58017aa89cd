/** The tree of commands. Each command file declares its flags, its example and its work. */
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { Command } from "commander";
import { alignCommand } from "./commands/align.ts";
import { dataBuildCommand } from "./commands/dataBuild.ts";
import { demoCommand } from "./commands/demo.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { exportAdapterCommand, exportMergedCommand } from "./commands/export.ts";
import { gradcheckCommand } from "./commands/gradcheck.ts";
import { modelsInspectCommand } from "./commands/modelsInspect.ts";
import { serveCommand } from "./commands/serve.ts";
import { societyRunCommand } from "./commands/societyRun.ts";
import type { CommandContext } from "./context.ts";

/** Runs what a command does, with everything around it (output, cancellation, errors). */
export type RunCommand = (command: Command, work: (context: CommandContext) => Promise<void>) => Promise<void>;

export interface ProgramOutput {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  readonly columns: number;
}

export function createProgram(run: RunCommand, output: ProgramOutput): Command {
  const program = new Command("folkmoot")
    .description(
      "A society of local language models answers, rates and revises, and the model learns from it. Everything runs offline, on this machine.",
    )
    .version(version(), "-V, --version", "show the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .addHelpText("after", "\nStart here:\n  folkmoot demo\n  folkmoot align --help");
  program.addCommand(demoCommand(run));
  program.addCommand(serveCommand(run));
  program.addCommand(group("models", "model files: inspect", [modelsInspectCommand(run)]));
  program.addCommand(group("society", "societies of agents: run", [societyRunCommand(run)]));
  program.addCommand(group("data", "alignment data: build", [dataBuildCommand(run)]));
  program.addCommand(alignCommand(run));
  program.addCommand(evaluateCommand(run));
  program.addCommand(
    group("export", "model files from an alignment run: adapter, merged", [
      exportAdapterCommand(run),
      exportMergedCommand(run),
    ]),
  );
  program.addCommand(gradcheckCommand(run));
  configure(program, output);
  return program;
}

function group(name: string, about: string, commands: readonly Command[]): Command {
  const parent = new Command(name).description(about).helpCommand(false);
  for (const command of commands) parent.addCommand(command);
  return parent;
}

/** Settings that commander does not hand down to commands added as objects. */
function configure(command: Command, output: ProgramOutput): void {
  command
    .exitOverride()
    .showHelpAfterError(`  Do:   See ${fullName(command)} --help.`)
    .configureOutput({
      writeOut: output.out,
      writeErr: output.error,
      getOutHelpWidth: () => Math.min(output.columns, 110),
      getErrHelpWidth: () => Math.min(output.columns, 110),
      outputError: (text, write) => write(asSentence(text)),
    });
  for (const child of command.commands) configure(child, output);
}

/** Commander's own complaints, as every other error reads. */
function asSentence(text: string): string {
  const said = text.trimEnd().replace(/^error: /, "");
  const ended = /[.?)]$/.test(said) ? said : `${said}.`;
  return `Error (bad-input): ${ended.charAt(0).toUpperCase()}${ended.slice(1)}\n`;
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function version(): string {
  const path = findPackageJSON(import.meta.url);
  if (path === undefined) return "unknown";
  return String((JSON.parse(readFileSync(path, "utf8")) as { version?: unknown }).version);
}
