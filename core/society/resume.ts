/** Where a run stands, from its journal alone: memories as they were, the finished part of the round it is in. */
import { FolkmootError } from "../contract/errors.ts";
import type { InteractionRecord } from "../contract/interaction.ts";
import { identityOf, interactionId } from "./interaction.ts";
import { applyRound, type RememberedInteraction, type Society } from "./society.ts";

/** Records of the round in progress, in agent order; empty at the start of a round. */
export type Unfinished = RememberedInteraction[];

/**
 * Replays the records of a run, one at a time, into `society`'s memories.
 * @throws FolkmootError `run-mismatch` when a record is not the one that this run would have made at its place.
 */
export async function replay(
  society: Society,
  run: string,
  records: AsyncIterable<InteractionRecord>,
  onRecord: (record: InteractionRecord) => void,
): Promise<Unfinished> {
  let unfinished: Unfinished = [];
  let place = 0;
  for await (const record of records) {
    checkRecord(society, run, place, record);
    onRecord(record);
    unfinished.push({ agent: { id: record.agent.id }, question: record.question, revision: record.revision });
    if (unfinished.length === society.agents.length) {
      applyRound(society, unfinished);
      unfinished = [];
    }
    place++;
  }
  return unfinished;
}

function checkRecord(society: Society, run: string, place: number, record: InteractionRecord): void {
  const round = Math.floor(place / society.agents.length) + 1;
  const agent = society.agents[place % society.agents.length];
  if (agent === undefined) return;
  const mine = identityOf(agent, society.modelOf(agent));
  const differs =
    record.run !== run
      ? "run"
      : round > society.config.rounds || record.id !== interactionId(round, agent.id)
        ? "place in the run"
        : record.question !== society.questions.at(round, agent.id)
          ? "question"
          : record.agent.label !== mine.label
            ? "label"
            : record.agent.model !== mine.model || record.agent.adapter !== mine.adapter
              ? "model"
              : undefined;
  if (differs === undefined) return;
  throw new FolkmootError("run-mismatch", {
    message: `Interaction ${record.id} of the run ${run} has another ${differs} than these settings and files give.`,
    reason: "A model, the question set or the journal was changed since the run began.",
    action: "Put the old files back, or start a new run in another folder.",
    details: { interaction: record.id, line: place + 1, differs },
  });
}
