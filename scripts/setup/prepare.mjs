/** npm's `prepare`: after a bare `npm ci`, every `npx folkmoot …` works. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAll, SetupError } from "./build.mjs";
import { nodeProblem } from "./requirements.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

try {
  const problem = nodeProblem(process.version);
  if (problem !== null) throw new SetupError(problem);
  buildAll(root, (line) => console.error(line));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
