/** Every setting of the data builder as a flag. */
import { dataSettings } from "../../core/contract/alignment.ts";
import { asList, asNumber, asText, badFlag, type ReadContext, type SettingFlag } from "./flags.ts";

const asMixture = (text: string, { flag }: ReadContext) => {
  const weights = text.split(":").map(Number);
  const [imitation, selfCritic, realignment] = weights;
  if (weights.length !== 3 || weights.some((weight) => !(weight >= 0)))
    throw badFlag(flag, `"${text}" is not of the form 5:1:1`);
  return { imitation, "self-critic": selfCritic, realignment };
};

export const dataFlags: readonly SettingFlag[] = [
  { flags: "--semantics <name>", path: "semantics", help: "paper, or reference (the released code)", read: asText },
  { flags: "--seed <n>", path: "seed", help: "seed of what is thinned out", read: asNumber },
  {
    flags: "--mixture <i:s:r>",
    path: "mixture",
    help: "weights of imitation : self-critic : realignment",
    read: asMixture,
  },
  {
    flags: "--max-rejected <n>",
    path: "maxRejected",
    help: "paper: strictly lower-rated answers kept beside the best",
    read: asNumber,
  },
  { flags: "--minimum-score <n>", path: "minimumScore", help: "least score of a taught response", read: asNumber },
  { flags: "--exclude <ids>", path: "exclude", help: "interactions left out: id or run/id, by commas", read: asList },
];

/** What the schema fills in, the mixture as it is written on the command line. */
export function dataDefaults(): object {
  const { mixture, ...defaults } = dataSettings.parse({});
  return { ...defaults, mixture: Object.values(mixture).join(":") };
}
