/** A training that is watched: what the model says while it learns, which checkpoint is best, and that one exported. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { expect, it } from "vitest";
import { formatCount } from "../../renderer/format/numbers.ts";
import { text } from "../../renderer/text/en.ts";
import { describeInChromium } from "../support/chromium.ts";
import { watchUntil } from "../support/workbenchFaces.ts";
import { expectAccessible } from "./support/axe.ts";
import { openStory } from "./support/story.ts";
import { button, goTo, runState, textOf } from "./support/window.ts";

const words = text.align;
const prompts = ["May I keep the purse that I found?", "Who should carry the table?"];

describeInChromium("a training that is watched", { timeout: 120_000 }, () => {
  const story = openStory("training");
  const headings = async (within: Locator) =>
    (await within.getByRole("heading", { level: 2 }).allTextContents()).map((one) => one.trim());

  /** Few rows, of which any other may be praised: whoever learns them by heart gets worse on those held out. */
  async function writeRows(): Promise<string> {
    const path = join(story.folder, "rows.json");
    const lines = (await readFile(story.material.heldOut, "utf8")).trim().split("\n").slice(0, 40);
    const answers = ["You should help and be kind. It is the right way.", "You could simply pretend and run away."];
    const rows = lines.map((line, index) => {
      const { question } = JSON.parse(line) as { question: string };
      const responses = (index * 7) % 5 < 3 ? answers : answers.toReversed();
      return { query: `Question: ${question}\nAnswer:`, responses, scores: [7, 2] };
    });
    await writeFile(path, JSON.stringify(rows));
    return path;
  }

  it("shows what the model says as it learns, the newest look first", async () => {
    const { page, serving, material } = story;
    const data = await writeRows();
    const shared = { model: material.model, data, accumulation: 4, evaluationShare: 0.2 };
    await serving.ask(async (client) => {
      const watched = {
        ...shared,
        epochs: 5,
        evaluateEvery: 4,
        checkpointEvery: 4,
        optimizer: { learningRate: 0.005 },
        schedule: { kind: "constant" as const },
        samples: { every: 4, prompts, maxTokens: 12 },
      };
      const { job } = await client.align.start({ name: "Watched", config: watched });
      // Held while the window opens: what comes after must come by itself.
      await watchUntil(client, job, ({ align }) => (align?.step ?? 0) > 0);
      await client.jobs.control({ job, action: "pause" });
      const preference = { ...shared, loss: { id: "dpo" as const }, epochs: 1, evaluateEvery: 0 };
      await client.align.start({ name: "Preference", config: preference });
    });
    await goTo(page, "align", "watched");
    await runState(page, "paused");
    await page.getByRole("radio", { name: words.views.samples, exact: true }).click();
    const samples = page.getByRole("region", { name: words.samples.label });
    await samples.getByRole("article", { name: words.samples.beforeTraining }).waitFor();
    const early = await samples.getByRole("article").count();
    await button(page, text.actions.resume).click();
    await runState(page, "finished");
    const last = await serving.ask(async (client) => (await client.align.samples({ run: "watched" })).at(-1));
    await samples.getByRole("article", { name: words.samples.step(String(last?.step)), exact: true }).waitFor();
    const steps = (await headings(samples)).map((one) => Number(one.replace(/\D/g, "")));
    expect(steps).toEqual(steps.toSorted((a, b) => b - a));
    expect(steps[0]).toBe(last?.step);
    expect(steps.length, "looks came while it was looked at").toBeGreaterThan(early);
    const newest = samples.getByRole("article").first();
    for (const prompt of prompts) await newest.getByText(prompt).waitFor();
    const changed = last?.samples.filter(({ base, tuned }) => tuned !== base) ?? [];
    expect(changed.length, "training changed an answer").toBeGreaterThan(0);
    await newest.getByText(words.samples.changed(changed.length, prompts.length)).waitFor();
    await page.getByRole("radio", { name: words.samples.views.side, exact: true }).click();
    const sides = last?.samples.flatMap(({ base, tuned }) => [base, tuned]);
    await expect.poll(() => newest.locator(".diff-sides p").allTextContents()).toEqual(sides);
    await expectAccessible(page, "the samples of a training");
  });

  it("follows one prompt over all steps, in the words of the tuned model alone", async () => {
    const { page, serving } = story;
    await page.getByRole("button", { name: words.samples.prompt }).click();
    await page.getByRole("option", { name: prompts[1] ?? "" }).click();
    await page.getByRole("radio", { name: words.samples.views.clean, exact: true }).click();
    const lines = await serving.ask((client) => client.align.samples({ run: "watched" }));
    const samples = page.getByRole("region", { name: words.samples.label });
    const expected = lines.toReversed().map(({ samples: [, second] }) => second?.tuned ?? second?.base);
    const shown = await samples.locator(".look-samples .diff").allTextContents();
    expect(shown.length).toBe(Math.min(expected.length, 12));
    expect(shown).toEqual(expected.slice(0, shown.length));
  });

  it("marks the best checkpoint and the last, and exports the one that is chosen", async () => {
    const { page, serving } = story;
    const checkpoints = await serving.ask((client) => client.align.checkpoints({ run: "watched" }));
    const best = checkpoints.find((one) => one.best);
    expect(best?.step, "the held-out loss rose again").toBeLessThan(checkpoints[0]?.step ?? 0);
    const row = page.locator(".checkpoint-table tbody tr").filter({ hasText: words.best });
    expect(await textOf(row.locator("td").first())).toContain(formatCount(best?.step));
    await page.locator(".checkpoint-table tbody tr").filter({ hasText: words.last }).waitFor();
    await goTo(page, "exports", "new", "watched");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("radio", { name: text.exports.setup.checkpoints.best, exact: true }).click();
    await dialog.getByText(`Step ${formatCount(best?.step)}`).waitFor();
    await dialog.getByRole("radio", { name: text.exports.setup.kinds.adapter, exact: true }).click();
    await button(dialog, text.exports.setup.start).click();
    await page.locator(".table-row").getByText("adapter-best.gguf").click();
    await page.getByText(text.exports.checkpointFact(formatCount(best?.step), true)).waitFor();
    const adapter = join(serving.workspace, "runs", "watched", "exports", "adapter-best.gguf");
    expect((await readFile(adapter)).equals(await readFile(best?.adapter ?? ""))).toBe(true);
  });

  it("shows the panels that a loss has values for, and no others", async () => {
    const { page } = story;
    await goTo(page, "align", "watched");
    await page.getByRole("radio", { name: words.views.curves, exact: true }).click();
    const titles = () => page.locator(".line-chart-head h2").allTextContents();
    await expect.poll(titles).toContain(words.curves.parts);
    expect(await titles()).not.toContain(words.curves.rewards);
    await goTo(page, "align", "preference");
    await runState(page, "finished");
    await expect
      .poll(titles)
      .toEqual(
        expect.arrayContaining([
          words.curves.rewards,
          words.curves["rewards/margins"],
          words.curves["rewards/accuracies"],
        ]),
      );
    expect(
      await page.getByRole("radio", { name: words.views.samples, exact: true }).count(),
      "it takes no samples",
    ).toBe(0);
  });

  it("keeps the names of curves beside their numbers in a narrow window, also under the pointer", async () => {
    const { page } = story;
    const plot = page.locator(".curve-cell.rewards");
    for (const width of [1024, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await plot.locator(".u-over").hover();
      for (const name of ["rewards/chosen", "rewards/rejected"] as const) {
        const key = plot.locator(".curve-key").filter({ hasText: words.curves[name] });
        await expect.poll(() => key.locator("b").textContent()).toMatch(/\d/);
        const label = key.locator(".truncate");
        expect(await label.isVisible(), `${name} at ${width}`).toBe(true);
        const cut = await label.evaluate((span) => span.scrollWidth - span.clientWidth);
        expect(cut, `pixels of ${name} that are cut at ${width}`).toBeLessThanOrEqual(0);
      }
    }
  });

  it("tells what its memory was, part by part, beside the estimate: its own, not that of a training before it", async () => {
    const { page } = story;
    const { title, parts, total } = words.memory;
    const panel = page.locator(".panel").filter({ has: page.getByRole("heading", { name: title, exact: true }) });
    const rows = panel.locator("tbody tr, tfoot tr");
    await expect
      .poll(() => rows.locator("th").allTextContents())
      .toEqual([parts.weights, parts.adapter, parts.activations, parts.work, parts.program, total]);
    for (const figures of await rows.locator("td:nth-child(-n + 3)").allTextContents()) expect(figures).toMatch(/^\d/);
    // A card has a row more, with the longest name.
    await rows
      .locator("th")
      .first()
      .evaluate((cell, name) => cell.replaceChildren(name), parts.copies);
    const ends = (table: string) => page.locator(table).evaluate((one) => one.getBoundingClientRect().right);
    expect(await ends(".memory-table"), "ends where the other tables do").toBeLessThanOrEqual(
      await ends(".checkpoint-table"),
    );
  });

  it("says before its first step what will come, and for whom it waits by name", async () => {
    const { page, serving, material, folder } = story;
    const society = {
      grid: { rows: 2, columns: 2 },
      rounds: 40,
      peers: 2,
      questions: { path: material.questions },
      populations: [{ model: material.model }],
    };
    await serving.ask(async (client) => {
      await client.society.start({ name: "Talks on", config: society });
      const config = { model: material.model, data: join(folder, "rows.json"), epochs: 1 };
      await client.align.start({ name: "Behind", config });
    });
    await goTo(page, "align", "behind");
    await page.getByText(words.firstStep.coming, { exact: true }).waitFor();
    const name = text.progress.job(text.kinds.society, "Talks on");
    await page.locator(".run-progress").getByText(text.progress.waitsFor(name), { exact: true }).waitFor();
    await serving.ask((client) => client.jobs.control({ job: "talks-on", action: "stop" }));
    await runState(page, "finished");
    await page.getByText(words.firstStep.coming, { exact: true }).waitFor({ state: "detached" });
  });
});
