/**
 * What agents remember, and the search for the nearest past question (paper section 3; reference agent.py).
 *
 * A recall must cost the same in round 1 and in round 1 000. So the search does not run over an agent's memory, which
 * grows, but over the texts of the whole run, which are known at its start: `rank` finds those near a question, once
 * for all agents who are asked about it; `recall` walks that list to the first text that the agent remembers.
 */
import type { RecalledMemory } from "../contract/interaction.ts";
import { distanceFromCosine, type LexicalEmbedder } from "./lexicalEmbedder.ts";

/** Texts within the threshold, nearest first, by text id. */
export interface RankedTexts {
  readonly ids: readonly number[];
  readonly distances: readonly number[];
}

interface Postings {
  readonly ids: number[];
  readonly weights: number[];
}

/** Inverted index over every question text of a run; shared by all agents. */
export class MemoryIndex {
  /** Largest cosine distance at which a memory is recalled, 0-2. */
  readonly threshold: number;
  /** Steps taken so far: postings read and ranked texts walked. What the cost of recalls is measured in. */
  operations = 0;
  private readonly embedder: LexicalEmbedder;
  private readonly texts: string[] = [];
  private readonly textIds = new Map<string, number>();
  private readonly postings = new Map<number, Postings>();
  private cosines = new Float64Array(1024);

  constructor(embedder: LexicalEmbedder, threshold: number) {
    this.embedder = embedder;
    this.threshold = threshold;
  }

  /** The id of a text; a new text joins the index. */
  add(text: string): number {
    const known = this.textIds.get(text);
    if (known !== undefined) return known;
    const id = this.texts.push(text) - 1;
    this.textIds.set(text, id);
    const { terms, weights } = this.embedder.embed(text);
    terms.forEach((term, i) => {
      const list = this.postings.get(term) ?? { ids: [], weights: [] };
      list.ids.push(id);
      list.weights.push(weights[i] ?? 0);
      this.postings.set(term, list);
    });
    return id;
  }

  text(id: number): string {
    return this.texts[id] ?? "";
  }

  /** The texts within the threshold that share a term with `question`, nearest first. */
  rank(question: string): RankedTexts {
    if (this.cosines.length < this.texts.length) this.cosines = new Float64Array(2 * this.texts.length);
    const { terms, weights } = this.embedder.embed(question);
    const touched: number[] = [];
    terms.forEach((term, i) => {
      const list = this.postings.get(term);
      if (list === undefined) return;
      const weight = weights[i] ?? 0;
      for (let p = 0; p < list.ids.length; p++) {
        const id = list.ids[p] ?? 0;
        if (this.cosines[id] === 0) touched.push(id);
        this.cosines[id] = (this.cosines[id] ?? 0) + weight * (list.weights[p] ?? 0);
      }
      this.operations += list.ids.length;
    });
    const near = touched
      .map((id) => ({ id, distance: distanceFromCosine(this.cosines[id] ?? 0) }))
      .filter(({ distance }) => distance <= this.threshold)
      .sort((a, b) => a.distance - b.distance || a.id - b.id);
    for (const id of touched) this.cosines[id] = 0;
    return { ids: near.map(({ id }) => id), distances: near.map(({ distance }) => distance) };
  }
}

interface Remembered {
  readonly answer: string;
  /** Rises with every `remember`. */
  readonly order: number;
}

/** One agent's memory: its latest answer to every question it was asked or brought along. */
export class AgentMemory {
  private readonly index: MemoryIndex;
  private readonly remembered = new Map<number, Remembered>();
  private order = 0;
  private newest: number | undefined;

  constructor(index: MemoryIndex) {
    this.index = index;
  }

  get size(): number {
    return this.remembered.size;
  }

  /** The newest answer to a question replaces the older. An empty answer says nothing and is not remembered. */
  remember(question: string, answer: string): void {
    if (answer === "") return;
    this.newest = this.index.add(question);
    this.remembered.set(this.newest, { answer, order: this.order++ });
  }

  /** The nearest remembered question, the most recent among equally near ones; null when none is within the threshold. */
  recall(ranked: RankedTexts): RecalledMemory | null {
    let best: { id: number; distance: number; entry: Remembered } | undefined;
    for (let i = 0; i < ranked.ids.length; i++) {
      const [id, distance] = [ranked.ids[i] ?? 0, ranked.distances[i] ?? 0];
      if (best !== undefined && distance > best.distance) break;
      this.index.operations++;
      const entry = this.remembered.get(id);
      if (entry === undefined) continue;
      if (best === undefined || entry.order > best.entry.order) best = { id, distance, entry };
    }
    best ??= this.unrelated();
    if (best === undefined) return null;
    return { question: this.index.text(best.id), answer: best.entry.answer, distance: best.distance };
  }

  /** Under a threshold of 1 or more even a question without a common term, at distance 1, is near enough. */
  private unrelated(): { id: number; distance: number; entry: Remembered } | undefined {
    if (this.index.threshold < 1 || this.newest === undefined) return undefined;
    const entry = this.remembered.get(this.newest);
    return entry === undefined ? undefined : { id: this.newest, distance: 1, entry };
  }
}
