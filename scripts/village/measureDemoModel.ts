/** What the demo model must be able to do, measured on held-out combinations with the society's own prompts. */
import { scoreByKey } from "../../core/evaluation/answerKey.ts";
import type { LanguageModel, Prompt } from "../../core/models/languageModel.ts";
import { type RandomStream, randomStream } from "../../core/random.ts";
import { draftPrompt, feedbackPrompt, observerPrompt, revisionPrompt } from "../../core/society/prompts.ts";
import { answerKey } from "./answerKey.ts";
import { type Answer, drawAnswer, pick, type Spirit } from "./answers.ts";
import { type Combination, fill, questionsOf } from "./combination.ts";
import { alignmentReasons, engagementReasons } from "./phrases.ts";
import { drawAlignment } from "./ratings.ts";

export interface DemoModelMeasure {
  /** Share of drafts without memory that are good; 0.4-0.6 is wanted. */
  readonly goodWithoutMemory: number;
  /** Share of drafts without memory that are neither good nor bad. */
  readonly undecided: number;
  /** Share of drafts with a remembered answer that have its spirit, by that spirit. */
  readonly followsGood: number;
  readonly followsBad: number;
  /** Share of ratings on the right side of 4 whose reason belongs to that side and names nobody else. */
  readonly observerRatings: number;
  readonly peerRatings: number;
  readonly engagementRatings: number;
  /** Share of badly rated answers whose revision is good. */
  readonly revisesBad: number;
  /** Share of good answers whose revision is good. */
  readonly keepsGood: number;
}

export interface MeasureSettings {
  readonly heldOut: readonly Combination[];
  /** What is remembered. */
  readonly memories: readonly Combination[];
  readonly seed: number;
  /** Cases per measure. */
  readonly cases: number;
}

const sampling = { temperature: 1, topP: 1, maxTokens: 48 };
const spirits = ["good", "bad"] as const;
const agents = 16;

export async function measureDemoModel(model: LanguageModel, settings: MeasureSettings): Promise<DemoModelMeasure> {
  const share = async (name: string, test: (scene: Scene) => Promise<boolean>): Promise<number> => {
    const results = await Promise.all(
      Array.from({ length: settings.cases }, (_, index) => test(new Scene(model, settings, name, index))),
    );
    return results.filter(Boolean).length / results.length;
  };
  return {
    goodWithoutMemory: await share("bare", async (scene) => (await scene.draft(null)) === "good"),
    undecided: await share("bare", async (scene) => (await scene.draft(null)) === null),
    followsGood: await share("follow", async (scene) => (await scene.draft("good")) === "good"),
    followsBad: await share("follow", async (scene) => (await scene.draft("bad")) === "bad"),
    observerRatings: await share("observer", (scene) => scene.ratesRight(false)),
    peerRatings: await share("peer", (scene) => scene.ratesRight(true)),
    engagementRatings: await share("engagement", (scene) => scene.ratesEngagement()),
    revisesBad: await share("revise", async (scene) => (await scene.revise("bad")) === "good"),
    keepsGood: await share("keep", async (scene) => (await scene.revise("good")) === "good"),
  };
}

class Scene {
  readonly #model: LanguageModel;
  readonly #settings: MeasureSettings;
  readonly #random: RandomStream;
  readonly #combination: Combination;
  readonly #question: string;
  readonly #even: boolean;

  constructor(model: LanguageModel, settings: MeasureSettings, name: string, index: number) {
    this.#model = model;
    this.#settings = settings;
    this.#random = randomStream(settings.seed, "measure", name, index);
    this.#combination = pick(this.#random, settings.heldOut);
    this.#question = pick(this.#random, questionsOf(this.#combination));
    this.#even = index % 2 === 0;
  }

  async draft(memory: Spirit | null): Promise<Spirit | null> {
    const speaker = { id: this.#random.integer(agents) };
    return this.#answer(draftPrompt(this.#question, speaker, memory === null ? null : this.#memory(memory)));
  }

  async revise(spirit: Spirit): Promise<Spirit | null> {
    const draft = this.#drawAnswer(this.#combination, spirit);
    const peers = Array.from({ length: this.#random.integer(6) }, () =>
      drawAlignment(this.#random, this.#combination, draft),
    ).sort((a, b) => b.rating - a.rating);
    const average = peers.length === 0 ? null : peers.reduce((sum, { rating }) => sum + rating, 0) / peers.length;
    const reasons = peers.map(({ reason }) => reason);
    return this.#answer(revisionPrompt(this.#question, draft.text, average, reasons));
  }

  async ratesRight(asPeer: boolean): Promise<boolean> {
    const spirit = spirits[this.#even ? 0 : 1];
    const { text } = this.#drawAnswer(this.#combination, spirit);
    const recalled = this.#random.uniform() < 0.5 ? this.#memory(pick(this.#random, spirits)) : null;
    const prompt = asPeer
      ? feedbackPrompt(this.#question, text, { id: this.#random.integer(agents) }, recalled)
      : observerPrompt("alignment", this.#question, text);
    const { high, short, low } = alignmentReasons;
    return this.#rates(prompt, spirit === "good", [...high, ...short], low);
  }

  async ratesEngagement(): Promise<boolean> {
    const shape = { spirit: pick(this.#random, spirits), engaged: this.#even, full: this.#random.uniform() < 0.5 };
    const { text } = drawAnswer(this.#random, this.#combination, shape);
    const prompt = observerPrompt("engagement", this.#question, text);
    return this.#rates(prompt, this.#even, engagementReasons.high, engagementReasons.low);
  }

  async #rates(prompt: Prompt, isHigh: boolean, high: readonly string[], low: readonly string[]): Promise<boolean> {
    const seed = this.#random.seed();
    const draw = this.#random.uniform();
    const { rating, reason } = await this.#model.rate({ prompt, sampling, seed, draw });
    const fitting = (isHigh ? high : low).map((phrase) => fill(phrase, this.#combination));
    return rating !== null && (isHigh ? rating > 4 : rating < 4) && fitting.includes(reason);
  }

  /** The spirit of what the model says; null for what the key does not decide. */
  async #answer(prompt: Prompt): Promise<Spirit | null> {
    const { text } = await this.#model.generate({ prompt, sampling, seed: this.#random.seed() });
    const { good, bad } = answerKey(this.#combination);
    if (scoreByKey(text, { good, bad, mentions: [] }).good === true) return "good";
    return scoreByKey(text, { good: bad, bad: [], mentions: [] }).good === true ? "bad" : null;
  }

  #memory(spirit: Spirit) {
    const combination = pick(this.#random, this.#settings.memories);
    const answer = this.#drawAnswer(combination, spirit).text;
    return { question: pick(this.#random, questionsOf(combination)), answer, distance: 0 };
  }

  #drawAnswer(combination: Combination, spirit: Spirit): Answer {
    const engaged = this.#random.uniform() < 0.8;
    return drawAnswer(this.#random, combination, { spirit, engaged, full: this.#random.uniform() < 0.5 });
  }
}
