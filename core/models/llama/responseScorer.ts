/**
 * Log-probabilities of given responses (teacher forcing), on a sequence of its own with keys and values in F32: against
 * a trainer that computes in F32, an F16 cache would cost three digits.
 */
import type {
  ControlledEvaluateInputItem,
  LlamaContext,
  LlamaContextSequence,
  LlamaModel,
  Token,
} from "node-llama-cpp";
import { FolkmootError } from "../../contract/errors.ts";
import type { ResponseLogps } from "../languageModel.ts";
import { beginToken, tokenizeContinuation, tokenizeText } from "./tokenizer.ts";

export interface ScorerOptions {
  readonly contextSize: number;
  readonly batchSize: number;
  readonly threads: number;
  readonly lora: string | null;
  /** Whether texts of control tokens in a query are those tokens. */
  readonly controlTokens: boolean;
}

export class ResponseScorer {
  private readonly model: LlamaModel;
  private readonly context: LlamaContext;
  private readonly sequence: LlamaContextSequence;
  private readonly controlTokens: boolean;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(model: LlamaModel, context: LlamaContext, controlTokens: boolean) {
    this.model = model;
    this.context = context;
    this.sequence = context.getSequence();
    this.controlTokens = controlTokens;
  }

  static async open(model: LlamaModel, options: ScorerOptions): Promise<ResponseScorer> {
    const context = await model.createContext({
      sequences: 1,
      contextSize: options.contextSize,
      batchSize: options.batchSize,
      flashAttention: false,
      experimentalKvCacheKeyType: "F32",
      experimentalKvCacheValueType: "F32",
      threads: { ideal: options.threads, min: options.threads },
      failedCreationRemedy: false,
      ...(options.lora === null ? {} : { lora: options.lora }),
    });
    return new ResponseScorer(model, context, options.controlTokens);
  }

  /** Query as rendered text, response tokenized apart from it, as what follows it (definitions.md, "Tokens"). Calls queue. */
  score(query: string, response: string, { appendEos }: { appendEos: boolean }): Promise<ResponseLogps> {
    const { model } = this;
    const begin = beginToken(model);
    const end = appendEos ? model.tokens.eos : null;
    return this.scoreTokens(
      [...(begin === null ? [] : [begin]), ...tokenizeText(model, query, this.controlTokens)],
      [...tokenizeContinuation(model, response, false), ...(end === null ? [] : [end])],
    );
  }

  /** `prompt` with its beginning-of-sequence token, if it has one. */
  scoreTokens(prompt: readonly Token[], response: readonly Token[]): Promise<ResponseLogps> {
    const scored = this.last.then(() => this.scoreNow(prompt, response));
    this.last = scored.catch(() => {});
    return scored;
  }

  async dispose(): Promise<void> {
    await this.last;
    await this.context.dispose();
  }

  /** Starts from an empty sequence: what was scored before changes nothing. */
  private async scoreNow(prompt: readonly Token[], response: readonly Token[]): Promise<ResponseLogps> {
    this.checkLengths(prompt.length, response.length);
    const logps = response.map(() => Number.NaN);
    const input: ControlledEvaluateInputItem[] = [...prompt, ...response.slice(0, -1)].map((token, at) =>
      at < prompt.length - 1 ? token : [token, { generateNext: { logits: true } }],
    );
    await this.sequence.clearHistory();
    await this.sequence.controlledEvaluate(input, {
      onTokenResult: (at, { next }) => {
        const index = at - prompt.length + 1;
        logps[index] = logProbability(next.logits ?? new Map(), response[index] as Token);
        // One row of logits may be a megabyte; the result would keep all of them until the end.
        delete next.logits;
      },
    });
    if (!logps.every(Number.isFinite)) throw noNumbers();
    return { tokens: response, logps };
  }

  private checkLengths(prompt: number, response: number): void {
    if (prompt === 0 || response === 0)
      throw new FolkmootError("bad-input", {
        message: `Nothing to score: the query has ${prompt} tokens, the response ${response}.`,
        action: "Give both of them text.",
        details: { prompt, response },
      });
    const most = this.sequence.contextSize - 1;
    if (prompt + response - 1 > most)
      throw new FolkmootError("bad-input", {
        message: `Query (${prompt} tokens) and response (${response}) do not fit into the context of ${most} tokens.`,
        action: "Shorten the text or raise the context size.",
        details: { prompt, response, contextSize: this.sequence.contextSize },
      });
  }
}

/** log softmax over the whole vocabulary, summed in double precision. */
export function logProbability(logits: ReadonlyMap<Token, number>, token: Token): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits.values()) if (logit > largest) largest = logit;
  let sum = 0;
  for (const logit of logits.values()) sum += Math.exp(logit - largest);
  return (logits.get(token) ?? Number.NaN) - largest - Math.log(sum);
}

/** The error for logits that are NaN or infinite. */
export function noNumbers(): FolkmootError {
  return new FolkmootError("model-corrupt", {
    message: "The model's output contains values that are no numbers.",
    reason: "Its weights or its adapter are damaged.",
    action: "Get the model file again, or train the adapter anew.",
  });
}
