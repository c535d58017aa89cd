/** Interaction records made from a seed: as a society would write them, with any ratings, ties and gaps. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { InteractionRecord, RatedReason } from "../../core/contract/interaction.ts";
import { type RandomStream, randomStream } from "../../core/random.ts";

const words =
  "goat purse window harvest ladder fence barn lend return honest quarrel neighbour kind blame share promise wait ask tell sorry mend carry sell keep".split(
    " ",
  );

export interface MadeSociety {
  readonly run: string;
  readonly seed: number;
  readonly agents: number;
  readonly rounds: number;
  /** Words per text; default 12. */
  readonly words?: number;
}

export function* makeInteractions({ run, seed, agents, rounds, words: length = 12 }: MadeSociety) {
  for (let round = 1; round <= rounds; round++)
    for (let agent = 0; agent < agents; agent++)
      yield makeInteraction(randomStream(seed, "made", round, agent), { run, round, agent, agents, length });
}

function makeInteraction(
  random: RandomStream,
  { run, round, agent, agents, length }: { run: string; round: number; agent: number; agents: number; length: number },
): InteractionRecord {
  const text = () => Array.from({ length }, () => words[random.integer(words.length)]).join(" ");
  const draft = text();
  const peers = random.integer(4);
  const rated = (): RatedReason => {
    const rating = random.uniform() < 0.1 ? null : 1 + random.integer(7);
    return { rating, probabilities: null, expected: null, reason: text() };
  };
  return {
    id: `r${round}-a${agent}`,
    run,
    round,
    agent: {
      id: agent,
      row: Math.floor(agent / 4),
      column: agent % 4,
      label: agent < agents / 2 ? "good" : "bad",
      model: "model",
      adapter: null,
    },
    question: `What about the ${words[random.integer(words.length)]}?`,
    recalled: random.uniform() < 0.5 ? { question: "q", answer: "a", distance: 0.1 } : null,
    draft,
    observer: {
      before: { alignment: rated(), engagement: rated() },
      after: { alignment: rated(), engagement: rated() },
    },
    feedback: Array.from({ length: peers }, (_, peer) => ({ peer, recalled: null, ...rated() })),
    revision: random.uniform() < 0.2 ? draft : text(),
    calls: [
      {
        role: "draft",
        peer: null,
        prompt: "p",
        completion: draft,
        promptTokens: 10,
        completionTokens: length,
        seed: random.integer(1000),
      },
    ],
  };
}

/** Seconds of an interaction, as its event says. */
export const madeSeconds = (record: InteractionRecord) => record.round + record.agent.id / 100;

/** Writes both journals of a society into `directory`. */
export async function writeInteractions(directory: string, records: readonly InteractionRecord[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(
    join(directory, "interactions.jsonl"),
    records.map((record) => `${JSON.stringify(record)}\n`).join(""),
  );
  const events = records.map((record) => ({
    type: "interaction",
    id: record.id,
    seconds: madeSeconds(record),
    completionTokens: 1,
  }));
  await writeFile(join(directory, "events.jsonl"), events.map((event) => `${JSON.stringify(event)}\n`).join(""));
}
