/**
 * Runs many calls on the sequences of one context, in lock-step rounds: all prompts first, then one token of every
 * live call in one batch. Between two rounds nothing is queued inside node-llama-cpp, so states can be cut, copied and
 * moved; inside a round all calls are queued at once, in id order, which is what makes a batch full.
 */
import type { LlamaContext, Token } from "node-llama-cpp";
import { FolkmootError, toFolkmootError } from "../../contract/errors.ts";
import type { Phase } from "./batching.ts";
import type { BatchState } from "./batchState.ts";
import { canMoveStates, exchangeIds, sequenceId } from "./internals.ts";
import { type Answer, Slot, type Step } from "./slot.ts";

/** Tokens that a filling sequence may gather before it is cut back. */
const mostFillTokens = 32;

export interface CallScript<Result> {
  /** Tokens that calls of one group share, evaluated once; empty = none. */
  readonly shared: readonly Token[];
  /** What follows, step by step. */
  readonly steps: Generator<Step, Result, Answer>;
  readonly signal?: AbortSignal | undefined;
}

interface Call {
  readonly script: CallScript<unknown>;
  readonly key: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onAbort: () => void;
  /** Settled for its caller (aborted); its slot is given up at the next boundary. */
  over: boolean;
}

interface LiveCall extends Call {
  readonly slot: Slot;
  /** Shared tokens still to be evaluated; null = not begun. */
  sharedLeft: readonly Token[] | null;
  step: Step | null;
}

export interface SchedulerOptions {
  readonly context: LlamaContext;
  readonly promptChunk: number;
  /** Any token; what filling sequences are made of. */
  readonly fillToken: Token;
}

export class BatchScheduler {
  private readonly context: LlamaContext;
  private readonly promptChunk: number;
  private readonly fillToken: Token;
  private readonly slots: Slot[];
  private readonly movable: boolean;
  private readonly waiting: Call[] = [];
  private live: LiveCall[] = [];
  private running: Promise<void> | null = null;
  private disposed = false;
  private readonly state: BatchState;

  constructor(state: BatchState, { context, promptChunk, fillToken }: SchedulerOptions) {
    this.state = state;
    this.fillToken = fillToken;
    this.context = context;
    this.promptChunk = promptChunk;
    this.slots = Array.from({ length: context.totalSequences }, (_, ticket) => new Slot(context.getSequence(), ticket));
    const [first] = this.slots;
    this.movable = first !== undefined && canMoveStates(context, first.sequence);
    state.slots = this.slots;
  }

  /** @throws FolkmootError `cancelled` when the signal aborts or the scheduler is disposed. */
  run<Result>(script: CallScript<Result>): Promise<Result> {
    if (this.disposed) return Promise.reject(stopped());
    if (script.signal?.aborted) return Promise.reject(stopped());
    return new Promise<Result>((resolve, reject) => {
      const call: Call = {
        script,
        key: script.shared.join(" "),
        resolve: resolve as (result: unknown) => void,
        reject,
        over: false,
        onAbort: () => {
          call.over = true;
          reject(stopped());
        },
      };
      script.signal?.addEventListener("abort", call.onAbort, { once: true });
      this.waiting.push(call);
      this.running ??= this.work();
    });
  }

  /** Rejects all calls, waits for the batch in flight. The context itself is its owner's to dispose. */
  async dispose(): Promise<void> {
    this.disposed = true;
    for (const call of [...this.waiting, ...this.live]) if (!call.over) call.onAbort();
    await this.running;
    for (const slot of this.slots) await slot.stopSampling();
  }

  private async work(): Promise<void> {
    try {
      // Calls that are made in the same turn start together.
      await new Promise((resolve) => setImmediate(resolve));
      while (this.waiting.length > 0 || this.live.length > 0) {
        await this.dropOver();
        this.admit();
        await this.promptRounds();
        await this.dropOver();
        await this.closeGaps();
        await this.round("decode", this.live, await this.fillers());
      }
    } catch (error) {
      this.failAll(error);
    } finally {
      // In the same step as the last look at `waiting`: a call that came later would otherwise wait for ever.
      this.running = null;
    }
  }

  /** Waiting calls get the lowest free sequences, or one that holds their shared prompt. */
  private admit(): void {
    const taken = new Set(this.live.map((call) => call.slot));
    const free = this.slots
      .filter((slot) => !taken.has(slot))
      .sort((a, b) => sequenceId(a.sequence) - sequenceId(b.sequence));
    while (free.length > 0) {
      const call = this.waiting.shift();
      if (call === undefined) return;
      const same = free.findIndex((slot) => call.key !== "" && slot.prefix?.key === call.key);
      const [slot] = free.splice(Math.max(0, same), 1);
      if (slot !== undefined) this.live.push(Object.assign(call, { slot, sharedLeft: null, step: null }));
    }
  }

  /** Evaluates prompts, chunk by chunk, until every live call waits for its next token. */
  private async promptRounds(): Promise<void> {
    while (true) {
      await this.dropOver();
      const ready: LiveCall[] = [];
      for (const call of this.live) if (await this.isReady(call)) ready.push(call);
      if (ready.length === 0) return;
      await this.round("prompt", ready);
    }
  }

  /** Sets the next prompt step of a call; false when it waits for its next token or for a shared prompt. */
  private async isReady(call: LiveCall): Promise<boolean> {
    if (call.sharedLeft === null && !(await this.beginShared(call))) return false;
    if (call.sharedLeft !== null && call.sharedLeft.length > 0) {
      call.step = { kind: "prompt", tokens: call.sharedLeft.slice(0, this.promptChunk) };
      return true;
    }
    if (call.step === null) this.advance(call, null);
    return call.step !== null && call.step.kind !== "next";
  }

  /** Finds the shared prompt in this slot or another, or begins it here. False = another call is evaluating it. */
  private async beginShared(call: LiveCall): Promise<boolean> {
    const { slot, key } = call;
    const { shared } = call.script;
    const done = () => {
      call.sharedLeft = [];
      return true;
    };
    if (shared.length === 0) {
      await slot.clear();
      return done();
    }
    if (slot.prefix?.key === key) {
      await slot.cutToPrefix();
      return done();
    }
    if (this.movable) {
      const source = this.slots.find((other) => other !== slot && other.prefix?.key === key);
      if (source !== undefined && (await slot.takePrefix(source))) return done();
      if (this.live.some((other) => other !== call && other.key === key && (other.sharedLeft?.length ?? 0) > 0))
        return false;
    }
    await slot.clear();
    call.sharedLeft = shared;
    return true;
  }

  /** One step of each of these calls, all queued at once, with a token each of the sequences that fill the batch. */
  private async round(phase: Phase, calls: readonly LiveCall[], fillers: readonly Slot[] = []): Promise<void> {
    if (calls.length === 0) return;
    this.state.phase = phase;
    const inOrder = [...calls].sort((a, b) => sequenceId(a.slot.sequence) - sequenceId(b.slot.sequence));
    const steps = inOrder.map((call) => call.slot.perform(call.step as Step));
    const filling = fillers.map((slot) => slot.perform({ kind: "prompt", tokens: [this.fillToken] }));
    const answers = await Promise.allSettled(steps);
    await Promise.allSettled(filling);
    for (const [i, call] of inOrder.entries()) {
      const answer = answers[i] as PromiseSettledResult<Answer>;
      if (answer.status === "rejected") await this.abandon(call, answer.reason);
      else if (call.sharedLeft !== null && call.sharedLeft.length > 0) this.sharedEvaluated(call);
      else this.advance(call, answer.value);
    }
    for (const call of inOrder) if (call.over) await call.slot.stopSampling();
    this.live = this.live.filter((call) => !call.over);
  }

  private sharedEvaluated(call: LiveCall): void {
    call.sharedLeft = (call.sharedLeft ?? []).slice(this.promptChunk);
    call.step = null;
    if (call.sharedLeft.length === 0) call.slot.prefix = { key: call.key, length: call.script.shared.length };
  }

  /** Gives the answer to the call's script and takes its next step, or its result. */
  private advance(call: LiveCall, answer: Answer): void {
    try {
      const next = call.script.steps.next(answer);
      if (next.done !== true) call.step = next.value;
      else this.settle(call, () => call.resolve(next.value));
    } catch (error) {
      this.settle(call, () => call.reject(toFolkmootError(error)));
    }
  }

  private settle(call: Call, tell: () => void): void {
    if (call.over) return;
    call.over = true;
    call.script.signal?.removeEventListener("abort", call.onAbort);
    tell();
  }

  /** Ends a call whose evaluation failed: nothing in its slot can be trusted. */
  private async abandon(call: LiveCall, reason: unknown): Promise<void> {
    this.settle(call, () => call.reject(toFolkmootError(reason)));
    if (!this.disposed) await call.slot.clear();
  }

  private failAll(error: unknown): void {
    const failure = toFolkmootError(error);
    for (const call of [...this.waiting.splice(0), ...this.live.splice(0)])
      this.settle(call, () => call.reject(failure));
  }

  private async dropOver(): Promise<void> {
    for (let i = this.waiting.length - 1; i >= 0; i--) if (this.waiting[i]?.over === true) this.waiting.splice(i, 1);
    for (const call of this.live) if (call.over) await call.slot.stopSampling();
    this.live = this.live.filter((call) => !call.over);
  }

  /**
   * Idle sequences that make the rows of a decode batch a multiple of what this machine computes alike (and close the
   * gaps between live ones, which would split it).
   */
  private async fillers(): Promise<Slot[]> {
    const { rows } = this.state.rules;
    if (rows === null || rows === 1 || this.live.length === 0) return [];
    const taken = new Set(this.live.map((call) => call.slot));
    const lastId = Math.max(...this.live.map((call) => sequenceId(call.slot.sequence)));
    const end = Math.ceil((lastId + 1) / rows) * rows;
    const fillers = this.slots.filter((slot) => !taken.has(slot) && sequenceId(slot.sequence) < end);
    for (const slot of fillers) if (slot.tokensAfterPrefix >= mostFillTokens) await slot.cutToPrefix();
    return fillers;
  }

  /** A gap between the ids of live calls splits the batch; the last call moves into it. */
  private async closeGaps(): Promise<void> {
    if (!this.movable || this.state.rules.rows === null || this.waiting.length > 0) return;
    while (true) {
      const taken = new Set(this.live.map((call) => call.slot));
      const byId = [...this.slots].sort((a, b) => sequenceId(a.sequence) - sequenceId(b.sequence));
      const free = byId.find((slot) => !taken.has(slot));
      const last = byId.findLast((slot) => taken.has(slot));
      if (free === undefined || last === undefined) return;
      if (sequenceId(free.sequence) > sequenceId(last.sequence)) return;
      await free.clear();
      await exchangeIds(this.context, last.sequence, free.sequence);
    }
  }
}

function stopped(): FolkmootError {
  return new FolkmootError("cancelled", {
    message: "The call was stopped.",
    action: "Start it again when you like.",
  });
}
