/** The same window without a mouse, from the first screen to a corrected rating. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { screens } from "../../renderer/app/route.ts";
import { text } from "../../renderer/text/en.ts";
import { describeInChromium } from "../support/chromium.ts";
import { openStory } from "./support/story.ts";
import { heading, patience, runState, setting, textOf } from "./support/window.ts";

/** Presses Tab until the element with the focus fits; a person would do no more than this. */
async function tabTo(page: Page, fits: string, most = 80): Promise<void> {
  for (let presses = 0; presses < most; presses++) {
    if (await page.locator(":focus").evaluateAll((found, selector) => found.some((one) => one.matches(selector)), fits))
      return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${fits} does not get the focus within ${most} presses of Tab.`);
}

describeInChromium("the keyboard alone", { timeout: 120_000 }, () => {
  const story = openStory("keyboard");
  const thread = () => story.page.getByRole("article");
  const id = () => textOf(thread().locator("h2"));

  it("reaches every screen by Ctrl and its number, and opens commands and keys from anywhere", async () => {
    const { page } = story;
    await story.serving.ask((client) => client.models.add({ path: story.material.model }));
    for (const [index, screen] of screens.filter((one) => one !== "settings").entries()) {
      await page.keyboard.press(`Control+${index + 1}`);
      await heading(page, screen).waitFor();
      expect(await page.locator(".rail [aria-current=page]").textContent()).toContain(text.screens[screen]);
    }
    await page.keyboard.press("Control+2");
    const { name } = text.models.columns;
    await page.getByRole("columnheader", { name, exact: true }).waitFor();
    await page.getByRole("separator", { name: text.table.resize(name), exact: true }).waitFor();
    await page.keyboard.press("Control+,");
    await heading(page, "settings").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: text.keySheet.title }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  it("finds a form by a few letters in the palette, fills it and starts a society", async () => {
    const { page } = story;
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog", { name: text.shell.palette }).waitFor();
    await page.keyboard.type("set up soc");
    await page.getByRole("option", { name: text.home.newSociety }).waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".form-foot").waitFor();
    for (const [name, value] of [
      ["grid.rows", "3"],
      ["grid.columns", "3"],
      ["rounds", "2"],
      ["questions.path", story.material.questions],
    ] as const) {
      await tabTo(page, `[data-setting="${name}"] input`);
      await page.keyboard.press("Control+a");
      await page.keyboard.type(value);
      await page.keyboard.press("Tab");
    }
    expect(await setting(page, "questions.path").getByRole("textbox").inputValue()).toBe(story.material.questions);
    await page
      .getByText(text.society.setup.counts("9", "18", "180"))
      .or(page.locator(".problem-list"))
      .waitFor();
    await tabTo(page, ".form-foot button");
    await page.keyboard.press("Enter");
    await runState(page, "finished");
  });

  it("walks the grid and follows an agent", async () => {
    const { page } = story;
    await tabTo(page, ".society-grid");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.getByRole("heading", { name: new RegExp(`^${text.society.followed(1)}\\b`) }).waitFor();
    await page.keyboard.press("Enter");
    await thread().waitFor();
    expect(await id()).toMatch(/-a1$/);
  });

  it("reads by j and k, excludes by e, tags by t, corrects by r", async () => {
    const { page } = story;
    await page.keyboard.press("Control+4");
    await page.locator(".table-row").first().waitFor();
    await tabTo(page, ".dialogue-table [role=grid]");
    await page.keyboard.press("j");
    await thread().waitFor();
    const first = await id();
    await page.keyboard.press("j");
    await expect.poll(id, { timeout: patience }).not.toBe(first);
    await page.keyboard.press("k");
    await expect.poll(id, { timeout: patience }).toBe(first);

    await page.keyboard.press("e");
    await thread().getByText(text.dialogues.thread.excluded).waitFor();
    await page.keyboard.press("e");
    await thread().getByText(text.dialogues.thread.excluded).waitFor({ state: "detached" });

    await page.keyboard.press("t");
    await page.getByRole("dialog", { name: text.dialogues.tagDialog.title }).waitFor();
    await tabTo(page, "[role=dialog] input");
    await page.keyboard.type("doubtful");
    await page.keyboard.press("Enter");
    await thread().getByText("doubtful", { exact: true }).waitFor();

    await page.keyboard.press("r");
    const dialog = page.getByRole("dialog", { name: text.dialogues.correct.title });
    await dialog.waitFor();
    await tabTo(page, "[role=dialog] [role=radio]");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    await tabTo(page, "[role=dialog] textarea");
    await page.keyboard.type("Give it back today.");
    await tabTo(page, "[role=dialog] .button.primary");
    await page.keyboard.press("Enter");
    await thread().getByText("Give it back today.").waitFor();
    const dialogue = await story.serving.ask(async (client) => {
      const { rows } = await client.dialogues.query({ filter: { corrected: "only" } });
      return client.dialogues.get({ run: rows[0]?.run ?? "", id: rows[0]?.id ?? "" });
    });
    expect(dialogue.annotations).toMatchObject({
      excluded: false,
      tags: ["doubtful"],
      answer: "Give it back today.",
      ratings: { before: 1 },
    });
    expect(dialogue.record.id).toBe(first);
  });

  it("comes back as it was left: screen, selection and filters", async () => {
    const { page } = story;
    await page.keyboard.press("/");
    expect(await page.locator(":focus").getAttribute("placeholder")).toBe(text.dialogues.search);
    await page.keyboard.type("zzzz");
    await page.getByText(text.dialogues.none).waitFor();
    await page.keyboard.press("Escape");
    await tabTo(page, ".filters [role=radio]");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    const shown = await id();
    const good = () => page.locator(".filters").getByRole("radio", { name: text.dialogues.labels.good });
    await expect.poll(() => good().getAttribute("aria-checked"), { timeout: patience }).toBe("true");
    const address = new URL(page.url()).hash;
    await page.reload();
    await expect.poll(id, { timeout: patience }).toBe(shown);
    expect(new URL(page.url()).hash).toBe(address);
    await expect.poll(() => good().getAttribute("aria-checked"), { timeout: patience }).toBe("true");
  });
});
