/** Open talks: a model that answers bare and, with an adapter, aligned beside it, on one copy of the weights. */
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { FolkmootError, toFolkmootError } from "../contract/errors.ts";
import type { TalkEvent, talkOpenInput, talkSides } from "../contract/jobs.ts";
import type { Sampling } from "../contract/society.ts";
import type { LanguageModel } from "../models/languageModel.ts";
import { type LoadedModel, loadModel } from "../models/llama/loadedModel.ts";
import { contextOf } from "./contexts.ts";
import { inferenceDevice } from "./inferenceDevice.ts";

type Side = (typeof talkSides)[number];

interface Talk {
  readonly weights: LoadedModel;
  readonly speakers: readonly { readonly side: Side; readonly model: LanguageModel }[];
  /** Aborts what is being said. */
  stop: AbortController;
}

export interface Utterance {
  readonly text: string;
  readonly sampling: Sampling;
  readonly seed: number;
}

export class Talks {
  private readonly talks = new Map<string, Talk>();

  /** @throws FolkmootError as `loadModel` and `speak`. */
  async open(input: z.infer<typeof talkOpenInput>, signal?: AbortSignal) {
    const { model, adapter, promptFormat, threads, gpuLayers } = input;
    const { contextSize, warning } = await contextOf({ model, adapter }, input.contextSize);
    const gpu = await inferenceDevice({ gpu: input.gpu, models: [model], sequences: 1, contextSize });
    const speakers = adapter === null ? 1 : 2;
    const shape = { path: model, promptFormat, contextSize, threads, gpu, gpuLayers, sequences: 1, speakers };
    const weights = await loadModel({ ...shape, ...(signal === undefined ? {} : { signal }) });
    try {
      const sides: Talk["speakers"][number][] = [{ side: "base", model: await weights.speak(null) }];
      if (adapter !== null) sides.push({ side: "aligned", model: await weights.speak(adapter) });
      const talk = randomUUID();
      this.talks.set(talk, { weights, speakers: sides, stop: new AbortController() });
      const least = Math.min(...sides.map((speaker) => speaker.model.contextSize));
      return { talk, sides: sides.map(({ side }) => side), contextSize: least, warning };
    } catch (error) {
      await weights.dispose();
      throw error;
    }
  }

  /** Every side at once, each text as it grows. @throws FolkmootError `run-not-found`, the models' errors. */
  async *say(name: string, utterance: Utterance, signal?: AbortSignal): AsyncGenerator<TalkEvent, void, void> {
    const talk = this.find(name);
    talk.stop.abort();
    const stop = new AbortController();
    talk.stop = stop;
    const events = new EventQueue();
    const either = AbortSignal.any([stop.signal, ...(signal === undefined ? [] : [signal])]);
    const speaking = Promise.all(
      talk.speakers.map(({ side, model }) => speak(side, model, utterance, either, (event) => events.push(event))),
    );
    speaking.then(
      () => events.end(),
      (error: unknown) => events.end(error),
    );
    try {
      yield* events.read();
    } finally {
      stop.abort();
      await speaking.catch(() => undefined);
    }
  }

  stop(name: string): void {
    this.find(name).stop.abort();
  }

  async close(name: string): Promise<void> {
    const talk = this.talks.get(name);
    this.talks.delete(name);
    talk?.stop.abort();
    await talk?.weights.dispose();
  }

  private find(name: string): Talk {
    const talk = this.talks.get(name);
    if (talk !== undefined) return talk;
    throw new FolkmootError("run-not-found", {
      message: "This talk is not open any more.",
      reason: "Its model was unloaded.",
      action: "Load the model again.",
    });
  }
}

async function speak(
  side: Side,
  model: LanguageModel,
  { text, sampling, seed }: Utterance,
  signal: AbortSignal,
  emit: (event: TalkEvent) => void,
): Promise<void> {
  const started = performance.now();
  let said = "";
  const grow = (whole: string) => {
    if (whole.length > said.length) emit({ type: "text", side, text: whole.slice(said.length) });
    said = whole;
  };
  const end = (reason: "end" | "length" | "stopped", promptTokens: number, completionTokens: number) =>
    emit({ type: "end", side, reason, promptTokens, completionTokens, seconds: (performance.now() - started) / 1000 });
  try {
    const request = { prompt: { instruction: text }, sampling, seed, signal, onText: grow };
    const completion = await model.generate(request);
    grow(completion.text);
    const reason = completion.stopReason === "length" ? "length" : "end";
    end(reason, completion.promptTokens, completion.completionTokens);
  } catch (error) {
    if (!signal.aborted) throw toFolkmootError(error);
    end("stopped", 0, model.countTokens(said));
  }
}

class EventQueue {
  private readonly events: TalkEvent[] = [];
  private ended: { error?: unknown } | null = null;
  private wake: () => void = () => {};

  push(event: TalkEvent): void {
    this.events.push(event);
    this.wake();
  }

  end(error?: unknown): void {
    this.ended = error === undefined ? {} : { error };
    this.wake();
  }

  async *read(): AsyncGenerator<TalkEvent, void, void> {
    while (true) {
      for (let event = this.events.shift(); event !== undefined; event = this.events.shift()) yield event;
      if (this.ended !== null) {
        if ("error" in this.ended) throw this.ended.error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
