/** Shows the texts of base and tuned model as they are written to the run's samples.jsonl. */
import { readSamples } from "../../../core/alignment/samples.ts";
import type { SampleLine } from "../../../core/contract/alignment.ts";
import type { JobEvent } from "../../../core/contract/events.ts";
import type { Terminal } from "../../terminal.ts";

export interface SamplesWatch {
  readonly event: (event: JobEvent) => void;
  /** Resolves when everything that was seen is shown. */
  shown(): Promise<void>;
}

export function watchSamples(directory: string, terminal: Pick<Terminal, "line">): SamplesWatch {
  let showing: Promise<void> = Promise.resolve();
  const show = async () => {
    const newest = (await readSamples(directory)).at(-1);
    if (newest !== undefined) terminal.line(sampleText(newest));
  };
  return {
    event: (event) => {
      if (event.type !== "progress" || event.stage !== "samples" || event.done !== event.total) return;
      // A file that cannot be read spoils no training; the texts stay where they are.
      showing = showing.then(show).catch(() => undefined);
    },
    shown: () => showing,
  };
}

function sampleText({ step, samples }: SampleLine): string {
  return samples
    .flatMap(({ prompt, base, tuned }) => [
      `Step ${step}: ${prompt}`,
      `  base   ${base}`,
      ...(tuned === null ? [] : [`  tuned  ${tuned}`]),
    ])
    .join("\n");
}
