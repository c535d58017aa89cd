/** The first start: nothing there, the demo experiment by one click, and every screen full of it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { screens } from "../../renderer/app/route.ts";
import { formatShare } from "../../renderer/format/numbers.ts";
import { text } from "../../renderer/text/en.ts";
import { describeInChromium } from "../support/chromium.ts";
import { expectAccessible } from "./support/axe.ts";
import { openStory } from "./support/story.ts";
import { button, goTo, patience, textOf } from "./support/window.ts";

const demo = "demo-small-seed1";

describeInChromium("the demo experiment, by clicks alone", { timeout: 240_000 }, () => {
  const story = openStory("demo");

  it("starts with screens that teach, and every one of them is accessible", async () => {
    const { page } = story;
    for (const screen of screens) {
      await goTo(page, screen);
      await expectAccessible(page, `${screen}, empty`);
    }
    await goTo(page, "society", "new");
    await page.locator(".form-foot").waitFor();
    await expectAccessible(page, "the form of a society");
  });

  it("runs the demo to its end: the grid, the dialogues and the loss curve are alive on the way", async () => {
    const { page } = story;
    await goTo(page, "home");
    await button(page, text.home.demoRun).click();
    const station = (name: keyof typeof text.home.stations) =>
      page.locator(".station").filter({ has: page.getByText(text.home.stations[name], { exact: true }) });
    // Which phase of how many, and how far it is.
    const said = page.locator(".now-list .progress-text");
    await said
      .filter({ hasText: /^Phase 1 of 6: Society · \d+ of \d+ interactions · .* left in this phase/ })
      .waitFor();
    await station("society").and(page.locator("button")).click();
    await expect
      .poll(() => page.locator(".latest .interaction-line").count(), { timeout: patience })
      .toBeGreaterThan(0);
    const grid = page.getByRole("application", { name: new RegExp(`^${text.society.grid.label}`) });
    const before = await grid.screenshot();
    await expect.poll(async () => (await grid.screenshot()).equals(before), { timeout: patience }).toBe(false);
    await goTo(page, "dialogues");
    await expect.poll(() => page.locator(".table-row").count(), { timeout: patience }).toBeGreaterThan(0);

    await goTo(page, "home");
    await station("align").and(page.locator("button")).click({ timeout: 90_000 });
    const chart = page.getByRole("application", { name: new RegExp(`^${text.align.curves.loss}\\.`) });
    await expect.poll(() => chart.getAttribute("aria-label"), { timeout: 90_000 }).toMatch(/\b([2-9]|\d\d+) points/);

    await goTo(page, "home");
    await station("exportMerged").and(page.locator(".finished")).waitFor({ timeout: 150_000 });
    const results = JSON.parse(await readFile(join(story.serving.workspace, "runs", demo, "results.json"), "utf8"));
    const { base, aligned } = results.evaluation;
    expect(aligned.goodShare, "the aligned model answers better").toBeGreaterThan(base.goodShare);
    const shown = page.locator(".demo .facts");
    await shown.getByText(formatShare(aligned.goodShare), { exact: true }).waitFor();
    expect(await textOf(shown)).toContain(formatShare(base.goodShare));
  });

  it("shows the aligned answer beside the base model's", async () => {
    const { page } = story;
    await goTo(page, "evaluate");
    await page.getByText(text.evaluate.results.onlyDifferent).click();
    await page.locator(".answers .table-row").first().click();
    const answers = page.locator(".answer-reader .answer .thread-text");
    expect(await answers.count()).toBe(2);
    expect(await textOf(answers.first())).not.toBe(await textOf(answers.last()));
  });

  it.each(["dark", "light"] as const)("has no serious accessibility finding on any full screen, %s", async (colors) => {
    const { page } = story;
    await goTo(page, "settings");
    await page.getByRole("radio", { name: text.shell.themes[colors] }).click();
    await expect.poll(() => page.locator("html").getAttribute("data-theme"), { timeout: patience }).toBe(colors);
    for (const [screen, ...path] of places) {
      await goTo(page, screen, ...path);
      // The first row opens what is read beside the list.
      const row = page.locator(".table-row").first();
      if (await row.isVisible()) await row.click();
      await expectAccessible(page, [screen, ...path].join("/"));
    }
    await goTo(page, "exports", "new");
    await page.getByRole("dialog").waitFor();
    await expectAccessible(page, text.exports.setup.title);
    await page.keyboard.press("Escape");
    for (const [keys, what] of [
      ["Control+k", text.shell.palette],
      ["?", text.keySheet.title],
    ] as const) {
      await page.locator(".rail a").first().focus();
      await page.keyboard.press(keys);
      await page.getByRole("dialog").waitFor();
      await expectAccessible(page, what);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
  });
});

/** Every screen with something in it, and every form. */
const places = [
  ...screens.map((screen) => [screen] as const),
  ["society", "new"],
  ["data", "new", `${demo}/society`],
  ["align", "new"],
  ["evaluate", "new"],
  ["evaluate", "chat"],
] as const;
