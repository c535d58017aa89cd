/** What a run's numbers depend on: a checkpoint may be resumed only where all of it is the same. */
import type { AlignConfig } from "../contract/alignment.ts";
import { sha256 } from "../workspace/hash.ts";
import { firstDifference } from "../workspace/runConfig.ts";
import type { TrainerInfo } from "./nativeTrainer.ts";

export interface FingerprintSources {
  /** SHA-256 of the GGUF. */
  readonly model: string;
  /** SHA-256 of the data file. */
  readonly data: string;
  /** What computes, e.g. `CPU`. */
  readonly device: string;
  /** What multiplies: each way rounds or sums in another order. */
  readonly products: TrainerInfo["products"];
}

export interface Fingerprint {
  readonly hash: string;
  /** What the hash is made of, device and products; kept with a checkpoint so that a refusal can say what differs. */
  readonly parts: Readonly<Record<string, unknown>>;
}

/** Paths, threads and how often something is saved, measured or sampled change no number and are left out. */
export function fingerprintOf(config: AlignConfig, { model, data, device, products }: FingerprintSources): Fingerprint {
  const { seed, loss, optimizer, schedule, epochs, maxSteps, accumulation, maxLength, appendEos, maxRejected } = config;
  const { evaluationShare, batchTokens, contextLength } = config;
  // Without what is off: checkpoints from before there was such a setting stay valid.
  const { rsLora, ranks, layers, ...plain } = config.lora;
  const lora = {
    ...plain,
    ...(rsLora ? { rsLora } : {}),
    ...(Object.keys(ranks).length > 0 ? { ranks } : {}),
    ...(layers === null ? {} : { layers }),
  };
  const training = { seed, loss, lora, optimizer, schedule, epochs, maxSteps, accumulation };
  const positions = contextLength === null ? {} : { contextLength };
  const rows = { maxLength, appendEos, maxRejected, evaluationShare, ...positions };
  const hash = sha256(JSON.stringify([{ model, data, tokenBudget: batchTokens }, training, rows]));
  return { hash, parts: { model, data, device, products, batchTokens, ...training, ...rows } };
}

/**
 * What differs, as a person calls it; null when nothing is known to. Checkpoints from before products were kept say
 * nothing of them.
 */
export function whatDiffers(before: Fingerprint["parts"], now: Fingerprint["parts"]): string | null {
  const path = firstDifference(
    { ...before, products: before.products ?? now.products },
    JSON.parse(JSON.stringify(now)),
  );
  if (path === undefined) return null;
  if (path === "model" || path === "data") return `the ${path} file has another content`;
  if (path.startsWith("products.")) return productsDiffer(before.products, now.products);
  const [old, current] = [before, now].map((parts) => JSON.stringify(valueAt(parts, path)) ?? "not set");
  return `${path} was ${old} and is ${current}`;
}

/** How a run's processor multiplies is no setting: it says what another one does. */
function productsDiffer(before: unknown, now: unknown): string {
  const inWords = (products: unknown) =>
    Object.entries(products as FingerprintSources["products"])
      .map(([type, { forward, backward }]) => `${type} by ${forward} and ${backward}`)
      .join(", ");
  return `it began on a processor that multiplies ${inWords(before)}, and this one multiplies ${inWords(now)}`;
}

function valueAt(parts: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], parts);
}
