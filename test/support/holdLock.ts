/** Takes a lock and holds it until killed. Prints `held` or the error's code. Usage: PATH */
import { FolkmootError } from "../../core/contract/errors.ts";
import { acquireLock } from "../../core/workspace/lock.ts";

try {
  await acquireLock(process.argv[2] ?? "");
  process.stdout.write("held\n");
  setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(`${error instanceof FolkmootError ? error.code : String(error)}\n`);
}
