/**
 * The context that a model is opened with: what was asked for, else the usual one, with the RoPE factors that the adapter
 * (or the merged model) was trained with.
 */
import { FolkmootError } from "../contract/errors.ts";
import type { GgufHeader } from "./ggufHeader.ts";
import { loadedContextSize, trainedContext } from "./inspect.ts";
import { contextWithFactors, type LongRope, longRopeOf, opensWithLongFactors, usesLongFactors } from "./longRope.ts";

/** How an adapter or a merged model came to be, as far as it decides how it is served. */
export interface Training {
  /** As the alignment's settings have it; null = within the original context. */
  readonly contextLength: number | null;
}

export interface ServedContext {
  /** Tokens per sequence. */
  readonly contextSize: number;
  /** Which factors it is opened with, and why; null where the model has one set. */
  readonly notice: string | null;
  /** Set where the model is not served as it was trained, or nobody can know. */
  readonly warning: string | null;
}

export interface ContextWish {
  /** What a person asked for; null = the usual one. */
  readonly contextSize: number | null;
  /** Null: the model as it came; `unknown`: with an adapter of which nobody knows how it was trained. */
  readonly training: Training | null | "unknown";
}

/** @throws FolkmootError `bad-setting` (`contextLength`) for more than the model was trained on */
export function servedContext(header: GgufHeader, { contextSize, training }: ContextWish): ServedContext {
  checkContext(contextSize, { path: header.path, trainedContext: trainedContext(header) });
  const rope = longRopeOf(header);
  const usual = loadedContextSize(header, contextSize);
  if (rope === null) return { contextSize: usual, notice: null, warning: null };
  const known = training === "unknown" ? null : training;
  const trained = known?.contextLength ?? null;
  const size = contextSize ?? contextWithFactors(rope, trained, usual) ?? usual;
  const isLong = opensWithLongFactors(rope, size);
  const notice = `The model is opened with a context of ${size} tokens, which takes its ${isLong ? "long" : "short"} RoPE factors.`;
  if (training === "unknown") return { contextSize: size, notice, warning: unknownTraining(rope, isLong) };
  const isOther = known !== null && isLong !== usesLongFactors(rope, trained);
  return { contextSize: size, notice, warning: isOther ? otherFactors(rope, size, isLong) : null };
}

export interface TrainedOn {
  readonly path: string;
  /** Tokens that the model was trained on at once, stretched by its RoPE scaling where it has one. */
  readonly trainedContext: number;
}

/** @throws FolkmootError `bad-setting` (`contextLength`) for more than the model was trained on */
export function checkContext(contextSize: number | null, { path, trainedContext: most }: TrainedOn): void {
  if (contextSize === null || contextSize <= most) return;
  throw new FolkmootError("bad-setting", {
    message: `A context of ${contextSize} tokens is asked for, and ${path} was trained on ${most}.`,
    reason: "Beyond the context of its training a model writes nonsense.",
    action: `Lower it to ${most}, or leave it out.`,
    details: { setting: "contextLength", contextSize, trainedContext: most, path },
  });
}

function otherFactors({ originalContext }: LongRope, size: number, isLong: boolean): string {
  const [served, trained] = isLong ? ["long", "short"] : ["short", "long"];
  const bound = isLong ? `at most ${originalContext}` : `more than ${originalContext}`;
  return `A context of ${size} tokens takes the ${served} RoPE factors, and this was trained with the ${trained} ones: it is not the model that was trained. Leave the context out, or give it ${bound} tokens.`;
}

function unknownTraining({ originalContext }: LongRope, isLong: boolean): string {
  return `Nobody knows with which RoPE factors this adapter was trained: neither its run nor its provenance is beside it. It is opened with the ${isLong ? "long" : "short"} ones; the others take a context of ${isLong ? "at most" : "more than"} ${originalContext} tokens.`;
}
