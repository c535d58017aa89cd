/** The host processes as commands see them: started when first needed, ended with the command. */
import { engineHost, type Host, trainerHost } from "../core/host/supervisor.ts";
import type { Workbench } from "./context.ts";

/** @param onLog everything the processes write to their standard error; default: kept for diagnostics only */
export function openWorkbench(onLog?: (text: string) => void): Workbench & AsyncDisposable {
  const options = onLog === undefined ? {} : { onLog };
  const running: { engine?: ReturnType<typeof engineHost>; trainer?: ReturnType<typeof trainerHost> } = {};
  const release = async () => {
    const hosts: (Host<unknown> | undefined)[] = [running.engine, running.trainer];
    delete running.engine;
    delete running.trainer;
    await Promise.all(hosts.map((host) => host?.dispose()));
  };
  return {
    engine: async () => {
      running.engine ??= engineHost(options);
      return running.engine.client;
    },
    trainer: async () => {
      running.trainer ??= trainerHost(options);
      return running.trainer.client;
    },
    release,
    [Symbol.asyncDispose]: release,
  };
}
