/** The effort dial of an alignment: it sets all that it says, leaves alone what a person set, and takes it back. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { text } from "../../renderer/text/en.ts";
import { describeInChromium } from "../support/chromium.ts";
import { writeMaterial } from "../support/workbenchFaces.ts";
import { expectAccessible } from "./support/axe.ts";
import { openStory } from "./support/story.ts";
import { button, goTo, openSection, patience, setNumber, setting, textOf } from "./support/window.ts";

const words = text.align.setup;

/** What the dial sets for a model of 8 layers with grouped queries and few weights, as the panel says it. */
const levels = {
  quick: {
    "lora.rank": "8",
    "lora.alpha": "16",
    "lora.rsLora": "off",
    "lora.targets": "all seven",
    "lora.ranks": "attn_k 4, attn_v 4",
    "lora.layers": "4–7",
    "optimizer.learningRate": "0.004",
    "schedule.kind": "Linear",
    "schedule.warmupShare": "10 %",
    epochs: "1",
    accumulation: "4",
  },
  thorough: {
    "lora.rank": "32",
    "lora.alpha": "8",
    "lora.rsLora": "on",
    "lora.targets": "all seven",
    "lora.ranks": "none",
    "lora.layers": "all",
    "optimizer.learningRate": "0.0014",
    "schedule.kind": "Cosine",
    "schedule.warmupShare": "3 %",
    epochs: "3",
    accumulation: "8",
  },
} as const;

describeInChromium("the effort dial", { timeout: 120_000 }, () => {
  const story = openStory("effort");
  const row = (name: string) => story.page.locator(`[data-reason="${name}"]`);
  const value = (name: string) => setting(story.page, name).getByRole("textbox").inputValue();
  const turn = (level: keyof typeof levels) => story.page.getByRole("radio", { name: words.efforts[level] }).click();
  const shown = () =>
    story.page
      .locator("[data-reason]")
      .evaluateAll((rows) =>
        Object.fromEntries(
          rows.map((one) => [one.getAttribute("data-reason"), one.querySelector("dt b")?.textContent?.trim()]),
        ),
      );

  it("sets every setting that it has a reason for, and all of them at each turn", async () => {
    const { page } = story;
    const { model } = await writeMaterial(join(story.folder, "models"), 8);
    await story.serving.ask((client) => client.models.add({ path: model }));
    await goTo(page, "align", "new");
    await openSection(page, words.sections.lora);
    await openSection(page, words.sections.optimizer);
    await turn("quick");
    await expect.poll(shown, { timeout: patience }).toEqual(levels.quick);
    expect(await value("lora.layers.first")).toBe("4");
    expect(await value("lora.ranks.attn_k")).toBe("4");
    expect(await value("lora.ranks.attn_q"), "as the others").toBe("");
    await turn("thorough");
    await expect.poll(shown, { timeout: patience }).toEqual(levels.thorough);
    expect(await value("lora.layers.first")).toBe("");
    expect(await value("lora.ranks.attn_k")).toBe("");
    expect(await setting(page, "lora.rsLora").getByRole("switch").isChecked()).toBe(true);
    for (const reason of await page.locator("[data-reason] dd").allTextContents()) expect(reason).toMatch(/\.$/);
  });

  it("keeps what was set by hand, says so instead of a reason, and fits the rest to it", async () => {
    const { page } = story;
    const alphaReason = await textOf(row("lora.alpha").locator("dd"));
    await setNumber(page, "lora.rank", 6);
    expect(await textOf(row("lora.rank").locator("dd"))).toBe(words.byHand);
    await expect.poll(() => value("lora.alpha"), { timeout: patience }).toBe("12");
    expect(await textOf(row("lora.alpha").locator("dd"))).not.toBe(alphaReason);
    await expect
      .poll(shown)
      .toEqual({ ...levels.thorough, "lora.rank": "6", "lora.alpha": "12", "lora.rsLora": "off" });
    await turn("quick");
    const around = { "lora.rank": "6", "lora.alpha": "12", "lora.ranks": "attn_k 3, attn_v 3" };
    await expect.poll(shown, { timeout: patience }).toEqual({ ...levels.quick, ...around });
    await setting(page, "lora.targets").getByText("attn_k").click();
    await expect.poll(() => textOf(row("lora.ranks").locator("dt b")), { timeout: patience }).toBe("attn_v 3");
    expect(await textOf(row("lora.targets").locator("dd"))).toBe(words.byHand);
    await expectAccessible(page, "a dial with settings by hand");
  });

  it("takes back what was set by hand, one by one, by the keyboard too", async () => {
    const { page } = story;
    await button(page, words.toDial(words.ownRanks, "attn_v 3")).click();
    await button(page, words.toDial(words.targets, "all seven")).click();
    const back = button(page, words.toDial(words.rank, "8"));
    await back.focus();
    await page.keyboard.press("Enter");
    await expect.poll(shown, { timeout: patience }).toEqual(levels.quick);
    expect(await page.getByText(words.byHand, { exact: true }).count()).toBe(0);
    expect(await page.evaluate("document.activeElement.className"), "where the button was").toContain("reasons");
  });
});
