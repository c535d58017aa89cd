/** The models of one job: every model loaded once, every (model, adapter, size) one context, all freed together. */

import type { LanguageModel } from "../models/languageModel.ts";
import { type LoadedModel, type LoadOptions, loadModel } from "../models/llama/loadedModel.ts";
import type { Place } from "../models/llama/runtime.ts";
import { modelPath } from "../models/splitModel.ts";
import type { SpeakerName } from "./contexts.ts";

export interface SetMember extends SpeakerName {
  /** Tokens per sequence; default: those of the set. */
  readonly contextSize?: number;
}

export class ModelSet implements AsyncDisposable {
  private readonly options: Omit<LoadOptions, "path">;
  private readonly weights = new Map<string, Promise<LoadedModel>>();
  private readonly speakers = new Map<string, Promise<LanguageModel>>();

  constructor(options: Omit<LoadOptions, "path">) {
    this.options = options;
  }

  /** Equal names give the same object; any part of a split model names the whole. */
  get({ model: part, adapter, contextSize }: SetMember): Promise<LanguageModel> {
    const model = modelPath(part);
    const name = JSON.stringify([model, adapter, contextSize]);
    const known = this.speakers.get(name);
    if (known !== undefined) return known;
    const loading = this.weights.get(model) ?? loadModel({ ...this.options, path: model });
    this.weights.set(model, loading);
    const speaker = loading.then((weights) => weights.speak(adapter, contextSize === undefined ? {} : { contextSize }));
    this.speakers.set(name, speaker);
    return speaker;
  }

  /** Where the models live that were asked for, once they are loaded. */
  async places(): Promise<Place[]> {
    return (await Promise.all(this.weights.values())).map(({ place }) => place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.speakers.values());
    for (const weights of await Promise.allSettled(this.weights.values()))
      if (weights.status === "fulfilled") await weights.value.dispose();
  }
}
