/** Files dropped on a page in a browser, which is not told where they lie. */
import { expect, it } from "vitest";
import { text } from "../../renderer/text/en.ts";
import { describeInChromium } from "../support/chromium.ts";
import { dragFiles, dropFiles } from "../support/dropFiles.ts";
import { expectAccessible } from "./support/axe.ts";
import { openStory } from "./support/story.ts";
import { goTo, heading } from "./support/window.ts";

const words = text.drop;

describeInChromium("files dropped in a browser", { timeout: 60_000 }, () => {
  const story = openStory("drop");

  it("are greeted with what becomes of them, until they leave", async () => {
    const { page } = story;
    await dragFiles(page, [{ name: "a.gguf", content: "GGUF" }], false);
    await page.getByRole("heading", { name: words.title }).waitFor();
    await expectAccessible(page, "the window while files hover");
    await page.evaluate(`document.body.dispatchEvent(new DragEvent("dragleave", { bubbles: true }))`);
    await page.getByRole("heading", { name: words.title }).waitFor({ state: "detached" });
  });

  it("open the screen on which they can be chosen, and say how", async () => {
    const { page } = story;
    await dropFiles(page, { name: "village.gguf", content: "GGUF" });
    await heading(page, "models").waitFor();
    await page.getByText(words.placeless("village.gguf", words.instead("models"))).waitFor();
    await goTo(page, "home");
    await dropFiles(page, { name: "held.jsonl", content: '{"question":"May I?","good":["ask"],"bad":[]}\n' });
    await page.locator(".screen-bar h1").getByText(text.evaluate.setup.title).waitFor();
    await page.getByText(words.placeless("held.jsonl", words.instead("evaluate"))).waitFor();
  });

  it("that are none of ours are named, and the screen stays", async () => {
    const { page } = story;
    await goTo(page, "data");
    await dropFiles(page, { name: "notes.pdf", content: "%PDF" }, { name: "odd.json", content: "[1, 2]" });
    await page.getByText(words.unknown("notes.pdf, odd.json")).waitFor();
    expect(await heading(page, "data").isVisible()).toBe(true);
  });
});
