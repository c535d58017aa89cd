/** Arguments in, exit status out: ties the commands to this process's streams, signals and clock. */
import type { EventEmitter } from "node:events";
import { type Command, CommanderError } from "commander";
import { errorExitCodes } from "../core/contract/errors.ts";
import { interruptedExitCode, withCancellation } from "./cancellation.ts";
import type { CommandContext, Workbench } from "./context.ts";
import type { Screen } from "./output/progress.ts";
import { createProgram, type RunCommand } from "./program.ts";
import { type Output, type OutputMode, Terminal } from "./terminal.ts";
import { openWorkbench } from "./workbench.ts";

/** What of a process the command line touches; tests bring their own. */
export interface CommandLineHost {
  readonly stdout: Output;
  readonly screen: Screen;
  readonly signals: EventEmitter;
  readonly workingFolder: string;
  /** FOLKMOOT_DEBUG=1: stack traces, details and the hosts' own output. */
  readonly diagnostics: boolean;
  openWorkbench(onLog?: (text: string) => void): Workbench & AsyncDisposable;
  /** Ends the process at once. */
  leave(code: number): void;
}

/** Runs one command line to its end and sets the process's exit status. */
export async function runCommandLine(args: readonly string[], host: CommandLineHost = processHost()): Promise<number> {
  const code = await run(args, host);
  process.exitCode = code;
  return code;
}

async function run(args: readonly string[], host: CommandLineHost): Promise<number> {
  let exitCode = 0;
  const runCommand: RunCommand = async (command, work) => {
    exitCode = await runOne(command, work, host);
  };
  const program = createProgram(runCommand, {
    out: (text) => host.stdout.write(text),
    error: (text) => host.screen.write(text),
    columns: host.screen.columns(),
  });
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has said what is wrong; help and version end with 0, everything else is bad input.
    return error.exitCode === 0 ? 0 : errorExitCodes["bad-input"];
  }
  return exitCode;
}

async function runOne(
  command: Command,
  work: (context: CommandContext) => Promise<void>,
  host: CommandLineHost,
): Promise<number> {
  const terminal = new Terminal(outputMode(command), host.stdout, host.screen);
  const workbench = host.openWorkbench(host.diagnostics ? (text) => terminal.line(text.trimEnd()) : undefined);
  try {
    await withCancellation(
      host.signals,
      (text) => terminal.line(text),
      (code) => host.leave(code),
      async (signal) => {
        try {
          await work({
            terminal,
            workbench,
            signal,
            workingFolder: host.workingFolder,
            now: () => host.screen.now(),
          });
        } finally {
          // Inside, so that a second Ctrl+C still works while the hosts wind down.
          await workbench[Symbol.asyncDispose]();
        }
      },
    );
    return 0;
  } catch (thrown) {
    const error = terminal.error(thrown, host.diagnostics);
    return error.code === "cancelled" ? interruptedExitCode : errorExitCodes[error.code];
  }
}

function outputMode(command: Command): OutputMode {
  const { json, jsonEvents } = command.opts<{ json?: boolean; jsonEvents?: boolean }>();
  if (jsonEvents) return "json-events";
  return json ? "json" : "text";
}

function processHost(): CommandLineHost {
  return {
    stdout: { write: (text) => void process.stdout.write(text) },
    screen: {
      write: (text) => void process.stderr.write(text),
      isTerminal: process.stderr.isTTY === true,
      columns: () => process.stderr.columns ?? 100,
      now: () => performance.now() / 1000,
    },
    signals: process,
    workingFolder: process.cwd(),
    diagnostics: process.env.FOLKMOOT_DEBUG === "1",
    openWorkbench,
    leave: (code) => process.exit(code),
  };
}
