/** The forms as one fills them in: what was changed, the way back, complaints that lead to their field, mixtures. */
import type { Locator } from "playwright-core";
import { expect, it } from "vitest";
import { text } from "../../renderer/text/en.ts";
import { describeInChromium } from "../support/chromium.ts";
import { expectAccessible } from "./support/axe.ts";
import { openStory } from "./support/story.ts";
import { button, choose, goTo, openSection, patience, setNumber, setting, textOf } from "./support/window.ts";

const { society, align, forms } = { society: text.society.setup, align: text.align.setup, forms: text.forms };
const { talk } = text.evaluate;

describeInChromium("the forms", { timeout: 120_000 }, () => {
  const story = openStory("forms");
  const section = (title: string) =>
    story.page.locator(".section").filter({ has: story.page.locator(".section-toggle").filter({ hasText: title }) });
  const hasFocus = (field: Locator) => field.evaluate((one) => one.matches(":focus-within"));
  const value = (name: string) => setting(story.page, name).getByRole("textbox").inputValue();

  it("lead from a complaint to its field, into a section that is closed", async () => {
    const { page } = story;
    await story.serving.ask((client) => client.models.add({ path: story.material.model }));
    await goTo(page, "society", "new");
    await openSection(page, society.sections.interaction);
    await setNumber(page, "peers", 99);
    await openSection(page, society.sections.interaction);
    await button(page, forms.toField(society.peers)).click();
    await expect.poll(() => hasFocus(setting(page, "peers")), { timeout: patience }).toBe(true);
    expect(await textOf(setting(page, "peers").locator(".field-problem"))).toContain("99");
    expect(await button(page, society.start).isDisabled()).toBe(true);
    await expectAccessible(page, "a form with a complaint");
  });

  it("show what was changed, and go back to the usual value by the keyboard", async () => {
    const { page } = story;
    const changed = section(society.sections.interaction).locator(".section-changed");
    expect(await textOf(changed)).toBe(forms.changedCount(1));
    const back = button(page, forms.reset(society.peers, "4"));
    await back.focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => value("peers")).toBe("4");
    expect(await hasFocus(setting(page, "peers")), "the focus stays at the field").toBe(true);
    await changed.waitFor({ state: "detached" });
    await back.waitFor({ state: "detached" });
    await expect.poll(() => button(page, society.start).isDisabled(), { timeout: patience }).toBe(false);
  });

  it("derive from the dial what nobody set, and leave alone what somebody did", async () => {
    const { page } = story;
    await goTo(page, "align", "new");
    await openSection(page, align.sections.optimizer);
    await openSection(page, align.sections.lora);
    await expect.poll(() => value("lora.rank"), { timeout: patience }).toBe("16");
    await setNumber(page, "epochs", 5);
    await page.getByRole("radio", { name: align.efforts.quick }).click();
    await expect.poll(() => value("lora.rank"), { timeout: patience }).toBe("8");
    expect(await value("epochs")).toBe("5");
    await button(page, forms.reset(align.epochs, "1")).click();
    await expect.poll(() => value("epochs")).toBe("1");
  });

  it("take numbers as researchers write them, and step through orders of magnitude", async () => {
    const { page } = story;
    const rate = setting(page, "optimizer.learningRate").getByRole("textbox");
    await rate.fill("3e-4");
    await rate.press("Tab");
    await expect.poll(() => rate.inputValue()).toBe("3e−4");
    await rate.press("ArrowUp");
    await expect.poll(() => rate.inputValue()).toBe("5e−4");
    await rate.press("ArrowDown");
    await expect.poll(() => rate.inputValue()).toBe("2e−4");
  });

  it("mix losses by weight, each with its own settings, and estimate the memory of what stands there", async () => {
    const { page } = story;
    const memory = page.locator(".setup-side .panel").filter({ hasText: align.memory }).locator("b.numeric");
    const before = await textOf(memory);
    await openSection(page, align.sections.length);
    await setNumber(page, "batchTokens", 4096);
    await expect.poll(() => textOf(memory), { timeout: patience }).not.toBe(before);

    await openSection(page, align.sections.loss);
    await choose(setting(page, "loss.id"), align.losses.dpo);
    await setNumber(page, "loss.beta", 0.25);
    await button(page, align.addLoss).click();
    await choose(setting(page, "loss.losses.1.loss.id"), align.losses.simpo);
    await setNumber(page, "loss.losses.1.loss.gamma", 0.8);
    await setNumber(page, "loss.losses.1.weight", 0.3);
    expect(await value("loss.losses.0.loss.beta")).toBe("0.25");
    await openSection(page, align.sections.loss);
    const note = section(align.sections.loss).locator(".section-note");
    expect(await textOf(note)).toBe(`1 × ${align.losses.dpo} + 0.3 × ${align.losses.simpo}`);
    await openSection(page, align.sections.loss);
    await button(page, align.removeLoss(align.losses.simpo)).click();
    expect(await value("loss.beta")).toBe("0.25");
    await expectAccessible(page, "the form of an alignment, open");
  });

  it("keep a number that is out of range as it was typed, say why, and do not start with another", async () => {
    const { page } = story;
    const problem = (name: string) => textOf(setting(page, name).locator(".field-problem"));
    await goTo(page, "society", "new");
    await setNumber(page, "grid.rows", 5000);
    expect(await value("grid.rows")).toBe("5000");
    expect(await problem("grid.rows")).toMatch(/^It must be at most \d+\.$/);
    await button(page, forms.toField(society.rows)).waitFor();
    expect(await button(page, society.start).isDisabled()).toBe(true);
    await setNumber(page, "grid.rows", 2.5);
    expect([await value("grid.rows"), await problem("grid.rows")]).toEqual(["2.5", text.fields.range.whole]);
    // A preset puts another number there, and with it the complaint is gone.
    await button(page, society.presets.village).click();
    expect(await value("grid.rows")).toBe("4");
    await setting(page, "grid.rows").locator(".field-problem").waitFor({ state: "detached" });
    await button(page, forms.toField(society.rows)).waitFor({ state: "detached" });

    await goTo(page, "settings");
    await setNumber(page, "threads", 4096);
    expect(await value("threads")).toBe("4096");
    expect(await problem("threads")).toBe(`${text.fields.range.largest("1,024")} ${text.fields.range.notTaken}`);
    expect((await story.serving.ask((client) => client.settings.get())).threads, "what was set stays").toBe(0);
    await setNumber(page, "threads", 2);
    await expect
      .poll(() => story.serving.ask(async (client) => (await client.settings.get()).threads), { timeout: patience })
      .toBe(2);
  });

  it("chat: opens the model in the context that is asked for, and says what the model cannot", async () => {
    const { page } = story;
    await goTo(page, "evaluate", "chat", "model", story.material.model);
    const context = page.locator(".chat-choice").getByLabel(talk.context, { exact: true });
    const load = async (tokens: number) => {
      await context.fill(String(tokens));
      await context.press("Tab");
      await button(page, talk.open).click();
    };
    await load(1_000_000);
    await page.getByText(/1000000 tokens is asked for, and .* was trained on 1024/).waitFor();
    await load(256);
    await page.getByLabel(talk.promptOne).waitFor();
    const session = await story.serving.ask((client) => client.chat.current());
    expect(session).toMatchObject({ model: story.material.model, contextSize: 256, warning: null });
    await button(page, talk.open).waitFor({ state: "detached" });
    await expectAccessible(page, "a chat with its context");
    await button(page, talk.close).click();
  });
});
