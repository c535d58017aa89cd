/**
 * Runs a society to its end, from wherever its journal stands. Equal configuration, files and seed give an equal
 * interactions.jsonl, byte for byte, whatever the batching and however often the run was killed and resumed.
 */
import type { EmitEvent } from "../contract/events.ts";
import { interactionRecord } from "../contract/interaction.ts";
import type { Move } from "../contract/moves.ts";
import type { SocietyConfig } from "../contract/society.ts";
import { RateMeter } from "../rateMeter.ts";
import { openEventLog } from "../workspace/eventLog.ts";
import type { Journal } from "../workspace/journal.ts";
import type { RunDirectory } from "../workspace/runDirectory.ts";
import { CallGate, stopped } from "./callGate.ts";
import { SocietyControls } from "./controls.ts";
import { replay } from "./resume.ts";
import { roomWarning } from "./room.ts";
import { type FinishedInteraction, runRound } from "./round.ts";
import { applyRound, prepareSociety, type Society, type SocietyModels } from "./society.ts";
import { type RoundSummary, RoundTally } from "./summarizeRounds.ts";
import { agentsShortOfPeers } from "./world.ts";

/** Calls handed to the engine per sequence of its batch: enough that a freed sequence always finds the next call. */
const callsPerSequence = 2;

export interface SocietyRun {
  readonly config: SocietyConfig;
  readonly run: RunDirectory<SocietyConfig>;
  readonly models: SocietyModels;
  readonly emit: EmitEvent;
  /** Stops now: calls in flight are cancelled, written interactions stay. */
  readonly signal: AbortSignal;
  readonly controls?: SocietyControls;
  /** Seconds of a clock that only rises; default the process's. */
  readonly now?: () => number;
  /** Told when a model call begins and when it ends. */
  readonly onMove?: (move: Move) => void;
}

export interface SocietyResult {
  /** Over the whole run, resumed part included. */
  readonly interactions: number;
  readonly rounds: RoundSummary[];
  readonly unparsedRatings: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/**
 * @throws FolkmootError `bad-setting` before anything is asked; `run-mismatch` when the journal is of another run;
 * `cancelled` on a stop; the models' and the disk's errors.
 */
export async function runSociety(setting: SocietyRun): Promise<SocietyResult> {
  const { config, run, models, signal } = setting;
  const society = await prepareSociety(config, models);
  await using events = await openEventLog(run, setting.emit);
  const { emit } = events;
  warnOfFewNeighbours(society, emit);
  warnOfRoom(society, emit);
  const journal = await run.journal("interactions", interactionRecord);
  const report = new Report(config, society, emit, setting.now ?? (() => performance.now() / 1000));
  let unfinished = await replay(society, run.id, journal.read(), (record) => report.count(record));
  report.progress();
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  using gate = new CallGate(callsPerSequence * config.sequences, setting.controls ?? new SocietyControls(), either);
  for (let round = Math.floor(journal.count / society.agents.length) + 1; round <= config.rounds; round++) {
    if (signal.aborted) throw stopped();
    const records = unfinished;
    unfinished = [];
    const finishing = runRound({
      run: run.id,
      society,
      round,
      finished: records.length,
      gate,
      signal: either,
      stop: () => failed.abort(),
      write: async (batch) => {
        await journal.append(batch.map(({ record }) => record));
        for (const finished of batch) {
          records.push(finished.record);
          report.finished(finished);
        }
      },
      now: report.now,
      onMove: setting.onMove,
    });
    // A stop shows in many ways, depending on what was in flight; people asked for one thing.
    await finishing.catch((error: unknown) => Promise.reject(signal.aborted ? stopped() : error));
    applyRound(society, records);
    report.round(round);
  }
  return report.result(journal);
}

class Report {
  readonly now: () => number;
  private readonly emit: EmitEvent;
  private readonly total: number;
  private readonly tally = new RoundTally();
  private readonly interactions: RateMeter;
  private readonly tokens = new RateMeter(null);
  private done = 0;
  private promptTokens = 0;
  private completionTokens = 0;
  private reasonsLeftOut = 0;

  constructor(config: SocietyConfig, society: Society, emit: EmitEvent, now: () => number) {
    this.emit = emit;
    this.now = now;
    this.total = config.rounds * society.agents.length;
    this.interactions = new RateMeter(this.total);
  }

  count(record: FinishedInteraction["record"]): number {
    const completionTokens = record.calls.reduce((sum, call) => sum + call.completionTokens, 0);
    this.tally.add(record);
    this.done++;
    this.promptTokens += record.calls.reduce((sum, call) => sum + call.promptTokens, 0);
    this.completionTokens += completionTokens;
    return completionTokens;
  }

  finished({ record, seconds, reasonsLeftOut }: FinishedInteraction): void {
    const completionTokens = this.count(record);
    this.reasonsLeftOut += reasonsLeftOut;
    this.emit({ type: "interaction", record, seconds, completionTokens });
    this.progress();
  }

  progress(): void {
    const now = this.now();
    const tokenRate = this.tokens.mark(this.completionTokens, now).rate;
    this.emit({
      type: "progress",
      stage: "society",
      done: this.done,
      total: this.total,
      unit: "interactions",
      ...this.interactions.mark(this.done, now),
      ...(tokenRate === null ? {} : { tokensPerSecond: tokenRate }),
    });
  }

  round(round: number): void {
    const { alignment, engagement, recallShare, unparsedRatings } = this.tally.round(round);
    this.emit({ type: "round", round, alignment, engagement, recallShare, unparsedRatings });
    if (this.reasonsLeftOut === 0) return;
    this.emit({
      type: "warning",
      message: `In round ${round}, ${this.reasonsLeftOut} reasons did not fit the reviser's context and were left out, the mildest first.`,
      details: { round, reasonsLeftOut: this.reasonsLeftOut },
    });
    this.reasonsLeftOut = 0;
  }

  result(journal: Journal<FinishedInteraction["record"]>): SocietyResult {
    const rounds = this.tally.summaries();
    return {
      interactions: journal.count,
      rounds,
      unparsedRatings: rounds.reduce((sum, { unparsedRatings }) => sum + unparsedRatings, 0),
      promptTokens: this.promptTokens,
      completionTokens: this.completionTokens,
    };
  }
}

function warnOfRoom({ config, room }: Society, emit: EmitEvent): void {
  const message = roomWarning(room, config.sampling.maxTokens);
  if (message !== null) emit({ type: "warning", message, details: { setting: "sampling.maxTokens", ...room } });
}

function warnOfFewNeighbours({ config, agents }: Society, emit: EmitEvent): void {
  const short = agentsShortOfPeers(config);
  if (short === 0) return;
  emit({
    type: "warning",
    message: `${short} of ${agents.length} agents have fewer than ${config.peers} neighbours and ask all they have.`,
    details: { setting: "peers", agents: short },
  });
}
