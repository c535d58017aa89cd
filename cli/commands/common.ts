/** What commands have in common. */
import { resolve } from "node:path";
import type { Command } from "commander";

/** `--json` and `--json-events`. */
export function addOutputFlags(command: Command): Command {
  return command
    .option("--json", "print one JSON object on stdout and nothing else")
    .option("--json-events", "print every event as a line of JSON on stdout, the result last");
}

/** The example under a command's help. */
export function addExample(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText("after", `\nExample:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}

export function absolute(workingFolder: string, path: string): string {
  return resolve(workingFolder, path);
}
