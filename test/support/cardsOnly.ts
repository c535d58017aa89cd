/** Processes of a workbench that must start none: the engine is asked for cards, and for nothing else. */
import type { GpuFacts } from "../../core/contract/device.ts";
import type { EngineClient, Host } from "../../core/host/supervisor.ts";
import type { HostFactories } from "../../core/workbench/device.ts";

export function cardsOnly(...gpus: readonly GpuFacts[]): HostFactories {
  const client = new Proxy({} as EngineClient, {
    get: (_, name) => (name === "gpus" ? async () => [...gpus] : never()),
  });
  const done = async () => {};
  const engine: Host<EngineClient> = { client, pid: null, start: done, dispose: done, [Symbol.asyncDispose]: done };
  return { engine: () => engine, trainer: never };
}

function never(): never {
  throw new Error("A process was started for nothing.");
}
