/**
 * How long the stations took, over all sessions of a demo. Durations are no part of a run's records, and a demo that
 * was stopped and resumed must not forget what it spent before.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { writeJsonAtomic } from "../../core/workspace/atomicFile.ts";
import { type StationName, stationNames } from "./results.ts";

const timings = z.partialRecord(
  z.enum(stationNames),
  z.object({ seconds: z.number(), tokensPerSecond: z.number().nullable() }),
);

export class Timings {
  readonly #path: string;
  readonly #known: z.infer<typeof timings>;

  private constructor(path: string, known: z.infer<typeof timings>) {
    this.#path = path;
    this.#known = known;
  }

  /** Those in the file; none when it is missing or unreadable, for nothing but a report hangs on it. */
  static async open(path: string): Promise<Timings> {
    try {
      return new Timings(path, timings.parse(JSON.parse(await readFile(path, "utf8"))));
    } catch {
      return new Timings(path, {});
    }
  }

  /**
   * Adds a session of a station. A session that found everything done changes the rate of none before.
   * @param tokensPerSecond null when the session handled no tokens
   */
  async add(station: StationName, seconds: number, tokensPerSecond: number | null): Promise<void> {
    const before = this.#known[station];
    this.#known[station] = {
      seconds: (before?.seconds ?? 0) + seconds,
      tokensPerSecond: tokensPerSecond ?? before?.tokensPerSecond ?? null,
    };
    await writeJsonAtomic(this.#path, this.#known);
  }

  seconds(station: StationName): number {
    return this.#known[station]?.seconds ?? 0;
  }

  tokensPerSecond(station: StationName): number | null {
    return this.#known[station]?.tokensPerSecond ?? null;
  }

  total(): number {
    return stationNames.reduce((sum, station) => sum + this.seconds(station), 0);
  }
}
