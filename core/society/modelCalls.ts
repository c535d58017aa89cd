/** The model calls of one interaction: seeds from the named stream, retries of empty answers, the exact record. */
import type { CallRole, ModelCall, RatedReason } from "../contract/interaction.ts";
import type { Sampling } from "../contract/society.ts";
import type { LanguageModel, Prompt, RatedCompletion } from "../models/languageModel.ts";
import { randomStream } from "../random.ts";

/** An answer ends at the next heading of the template, should the model go on to write one. */
const answerStop = ["\n###"];
/** A reason is one line. */
const reasonStop = ["\n"];
/** An empty answer is asked for again this many times, then kept as it is. */
const emptyRetries = 2;

export interface CallSettings {
  readonly seed: number;
  readonly round: number;
  readonly agent: number;
  readonly sampling: Sampling;
  readonly signal: AbortSignal;
  /** Runs the call when its turn has come; `name` says which one it is. */
  readonly turn: <T>(call: () => Promise<T>, name: CallName) => Promise<T>;
}

/** What a call is for; `revision` counts from 0 and is above 0 only where the configuration asks for several. */
export interface CallName {
  readonly role: CallRole;
  readonly peer: number | null;
  readonly revision: number;
}

export interface Answered {
  readonly text: string;
  readonly calls: readonly ModelCall[];
}

export interface Rated {
  readonly rated: RatedReason;
  readonly calls: readonly ModelCall[];
}

/** A draft or revision, trimmed. `prompt` is made when the call starts, with the attempts' prompts equal. */
export async function askForAnswer(
  settings: CallSettings,
  model: LanguageModel,
  name: CallName,
  makePrompt: () => Prompt,
): Promise<Answered> {
  const calls: ModelCall[] = [];
  for (let attempt = 0; ; attempt++) {
    const seed = streamOf(settings, name, attempt).seed();
    const completion = await settings.turn(
      () =>
        model.generate({
          prompt: makePrompt(),
          sampling: settings.sampling,
          seed,
          stop: answerStop,
          signal: settings.signal,
        }),
      name,
    );
    const { prompt, text, promptTokens, completionTokens } = completion;
    calls.push({ role: name.role, peer: name.peer, prompt, completion: text, promptTokens, completionTokens, seed });
    if (text.trim() !== "" || attempt === emptyRetries) return { text: text.trim(), calls };
  }
}

/** A rating with its reason. Peers draw their digit by the stream, observers (`arg-max`) take the likeliest. */
export async function askForRating(
  settings: CallSettings,
  model: LanguageModel,
  name: CallName,
  makePrompt: () => Prompt,
  choice: "drawn" | "arg-max",
): Promise<Rated> {
  const stream = streamOf(settings, name, 0);
  const seed = stream.seed();
  const draw = choice === "drawn" ? stream.uniform() : null;
  const completion = await settings.turn(
    () =>
      model.rate({
        prompt: makePrompt(),
        sampling: settings.sampling,
        seed,
        stop: reasonStop,
        signal: settings.signal,
        draw,
      }),
    name,
  );
  const { prompt, text, promptTokens, completionTokens } = completion;
  const call = { role: name.role, peer: name.peer, prompt, completion: text, promptTokens, completionTokens, seed };
  return { rated: readRating(completion), calls: [call] };
}

/** The stream of a call: (run seed, round, agent, role, peer, attempt), definitions "Randomness". */
function streamOf({ seed, round, agent }: CallSettings, { role, peer, revision }: CallName, attempt: number) {
  const label = revision === 0 ? role : `${role}-${revision + 1}`;
  return randomStream(seed, round, agent, label, peer ?? "none", attempt);
}

/** A rating outside 1-7 or from broken probabilities is no rating: null, never a sentinel. */
function readRating({ rating, probabilities, reason }: RatedCompletion): RatedReason {
  const broken = probabilities?.some((probability) => !Number.isFinite(probability)) ?? false;
  const isReadable = !broken && rating !== null && Number.isInteger(rating) && rating >= 1 && rating <= 7;
  const kept = probabilities === null || broken ? null : [...probabilities];
  return {
    rating: isReadable ? rating : null,
    probabilities: kept,
    expected: kept === null ? null : kept.reduce((sum, probability, i) => sum + probability * (i + 1), 0),
    reason,
  };
}
