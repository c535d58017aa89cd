/**
 * Interaction records → alignment rows of three kinds (paper section 3; definitions.md, "Alignment row"):
 *
 * - imitation: all drafts and revisions of one question, scored by the observer; the best and some strictly lower;
 * - self-critic: one peer's feedback on a draft, taught as it is (SFT);
 * - realignment: question, draft and feedback as input; the revision against the draft, where the score rose.
 *
 * `reference` builds them as the released code does (rows/released.ts).
 */
import type { AlignmentRow, DataSettings, RowKind } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import type { InteractionRecord } from "../contract/interaction.ts";
import type { Prompt } from "../models/languageModel.ts";
import { randomStream } from "../random.ts";
import { buildImitation } from "./rows/imitation.ts";
import { buildRealignment } from "./rows/realignment.ts";
import { buildReleased } from "./rows/released.ts";
import { type Built, type ExclusionCounts, emptyExclusions } from "./rows/row.ts";
import { buildSelfCritic } from "./rows/selfCritic.ts";

export interface KindCounts {
  /** Imitation: drafts and revisions; self-critic: pieces of feedback; realignment: interactions. */
  readonly examined: number;
  /** Of those examined, left out by reason. The rest is in `rows`. */
  readonly excluded: ExclusionCounts;
  readonly rows: number;
  /** Rows left after the mixture. */
  readonly kept: number;
}

export interface BuiltData {
  readonly rows: AlignmentRow[];
  readonly interactions: number;
  /** Interactions left out by hand. */
  readonly excludedByHand: number;
  readonly counts: Readonly<Record<RowKind, KindCounts>>;
}

/**
 * @param render a prompt as the model will read it in evaluation and chat (template applied, no BOS)
 * @throws bad-setting when no kind has a weight
 */
export function buildData(
  records: readonly InteractionRecord[],
  settings: DataSettings,
  render: (prompt: Prompt) => string,
): BuiltData {
  checkSettings(settings);
  const exclude = new Set(settings.exclude);
  const used = records.filter((record) => !exclude.has(record.id) && !exclude.has(`${record.run}/${record.id}`));
  const built = settings.semantics === "reference" ? released(used, settings, render) : paper(used, settings, render);
  const kept = mix(built, settings);
  const counts = (kind: RowKind): KindCounts => ({
    examined: built[kind].examined,
    excluded: { ...emptyExclusions(), ...built[kind].excluded },
    rows: built[kind].rows.length,
    kept: kept[kind].length,
  });
  return {
    rows: [...kept.imitation, ...kept["self-critic"], ...kept.realignment],
    interactions: records.length,
    excludedByHand: records.length - used.length,
    counts: {
      imitation: counts("imitation"),
      "self-critic": counts("self-critic"),
      realignment: counts("realignment"),
    },
  };
}

type Build = (
  records: readonly InteractionRecord[],
  settings: DataSettings,
  render: (prompt: Prompt) => string,
) => Record<RowKind, Built>;

const paper: Build = (...given) => ({
  imitation: buildImitation(...given),
  "self-critic": buildSelfCritic(...given),
  realignment: buildRealignment(...given),
});

const released: Build = (...given) => ({
  imitation: buildReleased("imitation", ...given),
  "self-critic": buildReleased("self-critic", ...given),
  realignment: buildReleased("realignment", ...given),
});

/**
 * The mixture, 5 : 1 : 1 by default: imitation stays whole, the other kinds are thinned out by seed to their share of
 * it. A kind that has less than its share keeps what it has. Without imitation the first kind with a weight leads.
 * The released code takes the share of realignment of the realignment rows themselves, and rounds shares down.
 */
function mix(
  built: Record<RowKind, Built>,
  { mixture, seed, semantics }: DataSettings,
): Record<RowKind, AlignmentRow[]> {
  const isReleased = semantics === "reference";
  const kinds = ["imitation", "self-critic", "realignment"] as const;
  const leader = kinds.find((kind) => mixture[kind] > 0) ?? "imitation";
  const share = (kind: RowKind): AlignmentRow[] => {
    const { rows } = built[kind];
    if (kind === leader) return rows;
    const whole = isReleased && kind === "realignment" ? rows.length : built[leader].rows.length;
    const wanted = (isReleased ? Math.floor : Math.round)((whole * mixture[kind]) / mixture[leader]);
    if (rows.length <= wanted) return rows;
    const chosen = new Set(randomStream(seed, "mixture", kind).sample([...rows.keys()], wanted));
    return rows.filter((_, index) => chosen.has(index));
  };
  return { imitation: share("imitation"), "self-critic": share("self-critic"), realignment: share("realignment") };
}

function checkSettings({ mixture }: DataSettings): void {
  if (mixture.imitation + mixture["self-critic"] + mixture.realignment === 0)
    throw new FolkmootError("bad-setting", {
      message: "The setting data.mixture gives every kind the weight 0.",
      action: "Give at least one of imitation, self-critic and realignment a weight above 0.",
    });
}
