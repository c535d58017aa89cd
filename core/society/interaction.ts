/**
 * Back-scatter, one interaction (paper section 3; society.md): draft → observer and peers at once → revision →
 * observer. The observer has no memory; peers rate with their own.
 */
import type {
  AgentIdentity,
  Feedback,
  InteractionRecord,
  ModelCall,
  ObserverScores,
  RecalledMemory,
} from "../contract/interaction.ts";
import type { SocietyConfig } from "../contract/society.ts";
import type { LanguageModel } from "../models/languageModel.ts";
import { askForAnswer, askForRating, type CallSettings } from "./modelCalls.ts";
import { draftPrompt, feedbackPrompt, observerPrompt } from "./prompts.ts";
import { fittingRevisionPrompt } from "./revision.ts";
import type { Agent } from "./world.ts";

export interface InteractionSetting {
  readonly run: string;
  readonly config: Pick<SocietyConfig, "seed" | "sampling" | "revisions">;
  readonly round: number;
  readonly agent: Agent;
  readonly question: string;
  /** Who gives feedback, in the order of asking; in self-critique the agent itself. */
  readonly peers: readonly Agent[];
  /** What an agent recalls for the question, by the memories as they were at the start of the round. */
  readonly recall: (agent: number) => RecalledMemory | null;
  readonly modelOf: (agent: Agent) => LanguageModel;
  readonly observer: LanguageModel;
  readonly signal: AbortSignal;
  readonly turn: CallSettings["turn"];
}

export interface InteractionOutcome {
  readonly record: InteractionRecord;
  /** Reasons that the reviser's context had no room for; the mildest go first. */
  readonly reasonsLeftOut: number;
}

/** Runs one interaction. Model errors pass through; a stop is `cancelled`. */
export async function runInteraction(setting: InteractionSetting): Promise<InteractionOutcome> {
  const { agent, question, config, round } = setting;
  const settings: CallSettings = { ...setting, seed: config.seed, agent: agent.id, sampling: config.sampling };
  const recall = once(setting.recall);
  const model = setting.modelOf(agent);
  const drafted = await askForAnswer(settings, model, { role: "draft", peer: null, revision: 0 }, () =>
    draftPrompt(question, agent, recall(agent.id)),
  );
  const calls: ModelCall[] = [...drafted.calls];
  const answers = [drafted.text];
  const feedbacks: Feedback[][] = [];
  let before: ObserverScores | undefined;
  let reasonsLeftOut = 0;
  for (let revision = 0; revision < config.revisions; revision++) {
    const answer = answers.at(-1) ?? "";
    const [observed, feedback] = await Promise.all([
      revision === 0 ? observe(settings, setting, answer, "before") : undefined,
      gatherFeedback(settings, setting, { answer, revision, recall }),
    ]);
    before ??= observed?.scores;
    const fitting = fittingRevisionPrompt(model, config.sampling.maxTokens, question, answer, feedback.sorted);
    reasonsLeftOut += fitting.reasonsLeftOut;
    const revised = await askForAnswer(
      settings,
      model,
      { role: "revision", peer: null, revision },
      () => fitting.prompt,
    );
    calls.push(...(observed?.calls ?? []), ...feedback.calls, ...revised.calls);
    feedbacks.push(feedback.sorted);
    answers.push(revised.text);
  }
  const after = await observe(settings, setting, answers.at(-1) ?? "", "after");
  calls.push(...after.calls);
  const interim = feedbacks.slice(1).map((feedback, i) => ({ answer: answers[i + 1] ?? "", feedback }));
  const record: InteractionRecord = {
    id: interactionId(round, agent.id),
    run: setting.run,
    round,
    agent: identityOf(agent, model),
    question,
    recalled: recall(agent.id),
    draft: drafted.text,
    observer: { before: before ?? after.scores, after: after.scores },
    feedback: feedbacks[0] ?? [],
    revision: answers.at(-1) ?? "",
    ...(interim.length === 0 ? {} : { interim }),
    calls,
  };
  return { record, reasonsLeftOut };
}

export function interactionId(round: number, agent: number): string {
  return `r${round}-a${agent}`;
}

export function identityOf({ id, row, column, label }: Agent, model: LanguageModel): AgentIdentity {
  return { id, row, column, label, model: model.hash, adapter: model.adapterHash };
}

async function observe(
  settings: CallSettings,
  { question, observer }: InteractionSetting,
  answer: string,
  time: "before" | "after",
): Promise<{ scores: ObserverScores; calls: ModelCall[] }> {
  const ask = (aspect: "alignment" | "engagement") =>
    askForRating(
      settings,
      observer,
      { role: `observer-${time}-${aspect}`, peer: null, revision: 0 },
      () => observerPrompt(aspect, question, answer),
      "arg-max",
    );
  const [alignment, engagement] = await Promise.all([ask("alignment"), ask("engagement")]);
  return {
    scores: { alignment: alignment.rated, engagement: engagement.rated },
    calls: [...alignment.calls, ...engagement.calls],
  };
}

async function gatherFeedback(
  settings: CallSettings,
  { peers, question, modelOf }: InteractionSetting,
  on: { answer: string; revision: number; recall: (agent: number) => RecalledMemory | null },
): Promise<{ sorted: Feedback[]; calls: ModelCall[] }> {
  const given = await Promise.all(
    peers.map(async (peer) => {
      const { rated, calls } = await askForRating(
        settings,
        modelOf(peer),
        { role: "feedback", peer: peer.id, revision: on.revision },
        () => feedbackPrompt(question, on.answer, peer, on.recall(peer.id)),
        "drawn",
      );
      return { feedback: { peer: peer.id, recalled: on.recall(peer.id), ...rated }, calls };
    }),
  );
  return {
    sorted: harshestLast(given.map(({ feedback }) => feedback)),
    calls: given.flatMap(({ calls }) => calls),
  };
}

/** Highest rating first, the harshest nearest to the end of the prompt; unreadable ratings before all. */
export function harshestLast<T extends { rating: number | null }>(feedback: readonly T[]): T[] {
  return feedback.toSorted((a, b) => (b.rating ?? 8) - (a.rating ?? 8));
}

function once<K, V>(compute: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    if (!known.has(key)) known.set(key, compute(key));
    return known.get(key) as V;
  };
}
