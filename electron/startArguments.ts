/** What somebody may pass to the program, or drop on its icon: GGUF files, which are added to the library. */
import { extname, isAbsolute, resolve } from "node:path";

/**
 * @param argv without the program and, before packaging, the app's folder
 * @param workingFolder that relative paths start from
 * @returns absolute paths; whatever is no local `.gguf` path is left out
 */
export function modelFiles(argv: readonly string[], workingFolder: string): string[] {
  return argv
    .filter((argument) => !argument.startsWith("-") && extname(argument).toLowerCase() === ".gguf")
    .filter((argument) => !/^[a-z][a-z0-9+.-]+:/i.test(argument) && !/^(\\\\|\/\/)/.test(argument))
    .map((argument) => (isAbsolute(argument) ? argument : resolve(workingFolder, argument)));
}
