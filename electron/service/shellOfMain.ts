/** The system's dialogs and file manager for the service: main has them, so it is asked. */
import { deserializeError } from "../../core/contract/errors.ts";
import type { Shell } from "../../core/workbench/openWorkbench.ts";
import type { FromService, ToService } from "./messages.ts";

export interface ShellOfMain {
  readonly shell: Shell;
  receive(message: ToService): void;
}

export function shellOfMain(say: (message: FromService) => void): ShellOfMain {
  const questions = new Map<number, { resolve(paths: string[]): void; reject(error: Error): void }>();
  let ids = 0;
  const ask = (question: (id: number) => FromService) =>
    new Promise<string[]>((resolve, reject) => {
      const id = ids++;
      questions.set(id, { resolve, reject });
      say(question(id));
    });
  return {
    shell: {
      capabilities: { nativeDialogs: true, reveal: true, notifications: true },
      pick: (options) => ask((id) => ({ type: "pick", id, options })),
      reveal: async (path) => void (await ask((id) => ({ type: "reveal", id, path }))),
    },
    receive: (message) => {
      if (message.type !== "answer") return;
      const question = questions.get(message.id);
      questions.delete(message.id);
      if (message.error === null) question?.resolve(message.paths);
      else question?.reject(deserializeError(message.error));
    },
  };
}
