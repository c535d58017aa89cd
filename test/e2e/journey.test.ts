/** One experiment from a model file to an exported adapter, by the mouse, as a person does it. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { interactionRecord } from "../../core/contract/interaction.ts";
import { formatShare } from "../../renderer/format/numbers.ts";
import { text } from "../../renderer/text/en.ts";
import { describeInChromium } from "../support/chromium.ts";
import { openStory } from "./support/story.ts";
import {
  button,
  choose,
  goTo,
  heading,
  openSection,
  patience,
  runState,
  setNumber,
  setting,
  textOf,
} from "./support/window.ts";

const rounds = 6;
const agents = 16;
const steps = 12;
const questions = 8;

describeInChromium("one experiment, by the mouse", { timeout: 120_000 }, () => {
  const story = openStory("journey");
  const run = (key: string, file: string) => join(story.serving.workspace, "runs", key, file);
  const lines = async (key: string, file: string) =>
    (await readFile(run(key, file), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  const records = async () =>
    (await lines("our-village", "interactions.jsonl")).map((line) => interactionRecord.parse(line));
  const figure = async (name: string) =>
    Number(
      await story.page
        .locator(".figure", { has: story.page.getByText(name, { exact: true }) })
        .locator("dd")
        .textContent(),
    );

  it("adds a model by its path, and says whether it fits and can be trained", async () => {
    const { page } = story;
    await goTo(page, "models");
    await button(page, text.models.add).first().click();
    const dialog = page.getByRole("dialog");
    const path = dialog.getByLabel(text.files.path);
    await path.fill(join(story.folder, "models"));
    await path.press("Enter");
    await dialog.getByRole("row", { name: /village\.gguf/ }).waitFor();
    await path.fill(join(story.folder, "models", "village.gguf"));
    await path.press("Enter");
    await dialog.waitFor({ state: "detached" });
    const row = page.getByRole("row", { name: /village\.gguf|village/i }).filter({ hasText: "Q8_0" });
    await row.waitFor();
    expect(await row.textContent()).toContain(text.models.verdicts.fits);
    const details = page.locator(".model-details");
    await details.getByText(text.models.details.trainable).waitFor();
    expect(await details.textContent()).toContain(story.material.model);
  });

  it("sets up a 4 × 4 world, starts it, pauses it, goes one step, and lets it run to its end", async () => {
    const { page } = story;
    await goTo(page, "society");
    await button(page, text.society.new).first().click();
    await button(page, text.society.setup.presets.village).click();
    await page.getByRole("textbox", { name: text.forms.name, exact: true }).fill("Our village");
    await setNumber(page, "rounds", rounds);
    await setting(page, "questions.path").getByRole("textbox").fill(story.material.questions);
    await setting(page, "priorMemory.path").getByRole("textbox").fill(story.material.prior);
    await openSection(page, text.society.setup.sections.sampling);
    await setNumber(page, "sampling.maxTokens", 40);
    await page.getByText(text.society.setup.counts(String(agents), String(agents * rounds), "960")).waitFor();
    await button(page, text.society.setup.start).click();
    await heading(page, "society")
      .filter({ hasText: new RegExp(`^${text.society.title}$`) })
      .waitFor();

    await expect.poll(() => figure(text.society.figures.interactions), { timeout: patience }).toBeGreaterThan(0);
    await button(page, text.actions.pause).click();
    await runState(page, "paused");
    const paused = await figure(text.society.figures.interactions);
    expect(paused).toBeLessThan(agents * rounds);
    expect((await records()).length).toBe(paused);
    await button(page, text.society.stepShort).click();
    await expect.poll(() => figure(text.society.figures.interactions), { timeout: patience }).toBeGreaterThan(paused);
    await runState(page, "paused");
    expect(await figure(text.society.figures.interactions)).toBe((await records()).length);

    await button(page, text.actions.resume).click();
    await runState(page, "finished");
    expect(await figure(text.society.figures.interactions)).toBe(agents * rounds);
    const ids = (await records()).map(({ id }) => id);
    expect(new Set(ids).size, "no interaction lost, none twice").toBe(agents * rounds);
    expect(await page.getByText(text.society.pareto.title).count()).toBeGreaterThan(0);
  });

  it("reads a dialogue, filters the list as the journal has it, excludes one and corrects a rating", async () => {
    const { page } = story;
    await button(page, text.society.dialogues).click();
    const known = await records();
    const total = (count: number) => page.getByText(text.dialogues.total(String(count)), { exact: true }).waitFor();
    await total(known.length);
    const filters = page.getByRole("region", { name: text.dialogues.filters });
    await filters.getByRole("radio", { name: text.dialogues.labels.bad, exact: true }).click();
    await total(known.filter((one) => one.agent.label === "bad").length);
    await filters.getByRole("textbox", { name: text.dialogues.rounds, exact: true }).fill("3");
    await page.keyboard.press("Tab");
    await total(known.filter((one) => one.agent.label === "bad" && one.round >= 3).length);
    await page.getByRole("button", { name: new RegExp(`^${text.dialogues.clearFilters}`) }).click();
    await total(known.length);

    const first = known[0];
    if (first === undefined) throw new Error("The society has no interaction.");
    const word = first.question
      .split(/\W+/)
      .reduce((longest, one) => (one.length > longest.length ? one : longest), "");
    await page.getByLabel(text.dialogues.search).fill(word);
    await total(known.filter((one) => JSON.stringify(textsOf(one)).toLowerCase().includes(word.toLowerCase())).length);
    await page.getByLabel(text.dialogues.search).fill("");
    await total(known.length);

    const thread = await read(page, first.id);
    const shown = await thread.textContent();
    for (const part of [first.question, first.draft, ...first.feedback.map(({ reason }) => reason)])
      expect(shown).toContain(part.trim());
    expect(await thread.locator(".feedback-list > li").count()).toBe(first.feedback.length);
    await thread.getByText(text.dialogues.thread.calls).click();
    expect(await thread.textContent()).toContain(text.dialogues.thread.roles.draft);

    await page.getByRole("button", { name: text.dialogues.actions.exclude }).click();
    await thread.getByText(text.dialogues.thread.excluded).waitFor();
    const second = known[1]?.id ?? "";
    await read(page, second);
    await page.getByRole("button", { name: text.dialogues.actions.correct }).click();
    const dialog = page.getByRole("dialog");
    const rating = known[1]?.observer.after.alignment.rating === 2 ? "3" : "2";
    await dialog
      .getByRole("radiogroup", { name: text.dialogues.correct.after })
      .getByRole("radio", { name: rating, exact: true })
      .click();
    await button(dialog, text.dialogues.correct.save).click();
    await page
      .getByRole("article")
      .getByRole("img", {
        name: `${text.dialogues.thread.alignment}, ${text.dialogues.thread.corrected}: ${text.rating.of(rating)}`,
      })
      .waitFor();

    const marks = filters.locator(".filter-select").first();
    await choose(marks, text.dialogues.marksChoices.excluded);
    await total(1);
    await page.locator(".table-row").filter({ hasText: first.id }).waitFor();
    expect(await page.locator(".table-row").count()).toBe(1);
    await choose(marks, text.dialogues.marksChoices.corrected);
    await total(1);
    await page.locator(".table-row").filter({ hasText: second }).waitFor();
    expect(await page.locator(".table-row").count()).toBe(1);
    await choose(marks, text.dialogues.marksChoices.any);
    expect(
      (await records()).map((one) => one.draft),
      "the record itself never changes",
    ).toEqual(known.map((one) => one.draft));
  });

  it("builds alignment data from it, without what was excluded, with what was corrected", async () => {
    const { page } = story;
    await goTo(page, "society");
    await button(page, text.society.buildData).click();
    const counts = page.locator(".funnel");
    await counts.getByText(text.data.setup.excluded("1")).waitFor();
    expect(await counts.textContent()).toContain(text.data.setup.corrections("1"));
    await page.getByRole("textbox", { name: text.data.setup.name, exact: true }).fill("Our rows");
    const announced = Number(await page.locator(".panel-head b.numeric, .panel b.numeric").first().textContent());
    await button(page, text.data.setup.start).click();
    const set = page.getByRole("row", { name: /Our rows/ });
    await set.waitFor();
    expect(await set.textContent()).toContain(String(announced));
    expect(announced).toBeGreaterThan(20);
    await page.locator(".data-set .table-row").first().click();
    // The rows are those of this society: what was said in it, word for word.
    const answer = page.locator(".row-response p").first();
    await answer.waitFor();
    const said = (await records()).flatMap(textsOf).join("\n");
    expect(said).toContain(await textOf(answer));
  });

  it("trains on it: the curve grows, a stop keeps every step, and the run goes on to its end", async () => {
    const { page } = story;
    await button(page, text.data.align).click();
    await page.getByRole("textbox", { name: text.forms.name, exact: true }).fill("Our alignment");
    await openSection(page, text.align.setup.sections.optimizer);
    await setNumber(page, "maxSteps", steps);
    await openSection(page, text.align.setup.sections.checks);
    await setNumber(page, "checkpointEvery", 2);
    await openSection(page, text.align.setup.sections.loss);
    await button(page, text.align.setup.addLoss).click();
    await choose(setting(page, "loss.losses.1.loss.id"), text.align.setup.losses.orpo);
    await setNumber(page, "loss.losses.1.weight", 0.2);
    await page.getByText(new RegExp(` ${steps} steps · `)).waitFor();
    await button(page, text.align.setup.start).click();
    const metrics = () => lines("our-alignment", "metrics.jsonl").catch(() => []);
    const chart = page.getByRole("application", { name: new RegExp(`^${text.align.curves.loss}\\.`) });
    const points = async () => Number(/(\d+) points/.exec((await chart.getAttribute("aria-label")) ?? "")?.[1]);
    await expect.poll(points, { timeout: patience }).toBeGreaterThanOrEqual(3);
    // What it was told stands beside it while it trains, though its files came after the page had asked for them.
    await page.locator(".align-side").getByText(text.align.settings, { exact: true }).waitFor({ timeout: 5_000 });
    const config = JSON.parse(await readFile(run("our-alignment", "config.json"), "utf8"));
    expect(config.loss).toMatchObject({
      id: "mixture",
      losses: [
        { weight: 1, loss: { id: "stable-alignment", margin: 1 } },
        { weight: 0.2, loss: { id: "orpo", beta: 0.1 } },
      ],
    });
    await button(page, text.actions.stop).click();
    await runState(page, "stopped");
    const kept = (await metrics()).length;
    expect(kept).toBeLessThan(steps);
    await button(page, text.actions.resume).click();
    await runState(page, "finished");
    expect((await metrics()).map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, index) => index + 1));

    await expect.poll(points, { timeout: patience }).toBe(steps);
    const last = (await metrics()).at(-1).loss as number;
    const readout = page.locator(".curve-cell.loss .curve-key b").first();
    // Smoothed, so not the very number.
    await expect.poll(async () => Number(await readout.textContent()) / last, { timeout: patience }).toBeCloseTo(1, 0);
    expect(await page.locator(".align-side .plain-table tbody tr").count()).toBeGreaterThan(0);
  });

  it("sets it up again with the very settings of the run, which the dial changes only when it is turned", async () => {
    const { page } = story;
    await goTo(page, "align", "new", "from", "our-alignment");
    await openSection(page, text.align.setup.sections.loss);
    await openSection(page, text.align.setup.sections.optimizer);
    await openSection(page, text.align.setup.sections.lora);
    const value = (name: string) => setting(page, name).getByRole("textbox").inputValue();
    await expect.poll(() => value("loss.losses.1.weight"), { timeout: patience }).toBe("0.2");
    expect(await value("maxSteps")).toBe(String(steps));
    const dial = page.getByRole("radiogroup", { name: text.align.setup.effort }).getByRole("radio");
    expect(
      await dial.evaluateAll((all) => all.filter((one) => one.getAttribute("aria-checked") === "true").length),
    ).toBe(0);
    await page.getByRole("radio", { name: text.align.setup.efforts.quick }).click();
    await expect.poll(() => value("lora.rank"), { timeout: patience }).toBe("8");
    expect(await value("loss.losses.1.weight")).toBe("0.2");
    expect(await value("maxSteps")).toBe(String(steps));
  });

  it("compares answers: the same questions with the same seeds to base and aligned", async () => {
    const { page } = story;
    await goTo(page, "evaluate", "new");
    await page.getByRole("textbox", { name: text.forms.name, exact: true }).fill("Our comparison");
    await openSection(page, text.evaluate.setup.sections.run);
    await setNumber(page, "limit", questions);
    await openSection(page, text.evaluate.setup.sections.sampling);
    await setNumber(page, "sampling.maxTokens", 40);
    await button(page, text.evaluate.setup.start).click();
    await runState(page, "finished");
    const summary = page.locator(".summary");
    await summary
      .getByText(text.evaluate.summary.questions(String(questions)))
      .first()
      .waitFor();
    const results = await lines("our-comparison", "results.jsonl");
    const good = results.filter((line) => line.aligned.good).length;
    const spoken = `${text.sides.aligned}: ${formatShare(good / questions)} `;
    const shares = summary.getByRole("img");
    await expect
      .poll(() => shares.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label"))), { timeout: patience })
      .toContainEqual(expect.stringContaining(spoken));
    await page.locator(".answers .table-row").first().click();
    const pair = await page.locator(".answer-reader .answer-pair").textContent();
    expect(pair).toContain(results[0].base.answer.trim());
    expect(pair).toContain(results[0].aligned.answer.trim());
  });

  it("compares answers of a run: its base and its adapter are loaded, and both answer the same prompt", async () => {
    const { page } = story;
    await goTo(page, "align", "our-alignment");
    await button(page, text.align.evaluate).click();
    await heading(page, "evaluate").filter({ hasText: text.evaluate.talk.compare }).waitFor();
    await page.locator(".chat-turn .answer.aligned").waitFor();
    const session = await story.serving.ask((client) => client.chat.current());
    const [newest] = await story.serving.ask((client) => client.align.checkpoints({ run: "our-alignment" }));
    expect(session).toMatchObject({
      model: story.material.model,
      adapter: newest?.adapter,
      sides: ["base", "aligned"],
    });
    const prompt = page.getByLabel(text.evaluate.talk.prompt);
    await prompt.fill((await records())[0]?.question ?? "");
    await prompt.press("Enter");
    for (const side of ["base", "aligned"] as const) {
      const answer = page.locator(`.chat-turn .answer.${side}`);
      await answer.locator("header .fine").waitFor();
      expect((await textOf(answer.locator(".thread-text"))).length).toBeGreaterThan(3);
    }
    await button(page, text.evaluate.talk.close).click();
  });

  it("exports the adapter, proven, and the file is where it says", async () => {
    const { page } = story;
    await goTo(page, "align");
    await button(page, text.align.export).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("radio", { name: text.exports.setup.kinds.adapter }).click();
    await button(dialog, text.exports.setup.start).click();
    const row = page.getByRole("row").filter({ hasText: text.exports.kinds.adapter });
    await row.waitFor();
    await row.click();
    const facts = page.locator(".model-details .facts, .model-details dl").first();
    const path = await fact(facts, text.exports.path);
    // A browser has no file manager: the path is taken along.
    await button(page, text.actions.copyPath).click();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(path);
    const file = await readFile(path);
    expect(file.subarray(0, 4).toString("latin1")).toBe("GGUF");
    expect(createHash("sha256").update(file).digest("hex")).toBe(await fact(facts, text.exports.hash));
    await page.getByText(text.exports.proofText).or(page.getByText(text.exports.proofWeak)).waitFor();
  });
});

/** Every text of an interaction that the search looks into. */
function textsOf(one: { question: string; draft: string; revision: string; feedback: readonly { reason: string }[] }) {
  return [one.question, one.draft, one.revision, ...one.feedback.map(({ reason }) => reason)];
}

/** Clicks the interaction's row and waits for its thread. */
async function read(page: Page, id: string): Promise<Locator> {
  await page.getByRole("gridcell", { name: id, exact: true }).click();
  const thread = page.getByRole("article", { name: `${text.dialogues.thread.label} ${id}`, exact: true });
  await thread.waitFor();
  return thread;
}

/** The value of a named fact. */
async function fact(facts: Locator, name: string): Promise<string> {
  return textOf(facts.locator("dt", { hasText: name }).first().locator("xpath=following-sibling::dd[1]"));
}
