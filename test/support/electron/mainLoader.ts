/**
 * Starts the stand-in's main process, with the entry as its argument: puts the stand-in in place of `electron`, and lets the driver run
 * functions there, as Playwright's `electronApplication.evaluate` does.
 */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const standIn = new URL("./electron.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "electron"
      ? { url: standIn, format: "module-typescript", shortCircuit: true }
      : next(specifier, context),
});

const electron = await import("./electron.ts");
const { entryHasRun } = await import("./app.ts");
// After Playwright has been loaded, which looks at it too.
Object.defineProperty(process.versions, "electron", { value: "45.4.1" });
Object.defineProperty(process.versions, "chrome", { value: "150" });

interface Evaluate {
  readonly evaluate: number;
  readonly source: string;
  readonly argument: unknown;
}

process.on("message", async (message: Evaluate | { exit: true }) => {
  if ("exit" in message) return electron.app.exit(0);
  const { evaluate, source, argument } = message;
  try {
    const run = new Function(`return (${source});`)() as (modules: unknown, argument: unknown) => unknown;
    const value = structuredClone(await run(electron, argument));
    process.send?.({ evaluate, value });
  } catch (error) {
    process.send?.({ evaluate, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

process.argv.splice(1, 1);
await import(pathToFileURL(process.argv[1] ?? "").href);
entryHasRun.resolve();
