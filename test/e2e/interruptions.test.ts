/** What must not lose anything: a page that is loaded anew, a process that dies, the whole workbench killed. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { text } from "../../renderer/text/en.ts";
import { describeInChromium } from "../support/chromium.ts";
import { startServing } from "./support/serving.ts";
import { openStory } from "./support/story.ts";
import { button, goTo, openWindow, patience, runState, textOf } from "./support/window.ts";

const rounds = 5;
const total = 16 * rounds;

describeInChromium("a run that is interrupted", { timeout: 150_000 }, () => {
  const story = openStory("interruptions");
  const config = () => ({
    grid: { rows: 4, columns: 4 },
    rounds,
    questions: { path: story.material.questions },
    priorMemory: { path: story.material.prior, pairs: 4 },
    populations: [{ model: story.material.model }],
    sampling: { maxTokens: 40 },
  });
  const figure = async () =>
    Number(
      await textOf(
        story.page
          .locator(".figure", { has: story.page.getByText(text.society.figures.interactions, { exact: true }) })
          .locator("dd"),
      ).catch(() => 0),
    );
  const reach = (interactions: number) =>
    expect.poll(figure, { timeout: patience, interval: 30 }).toBeGreaterThanOrEqual(interactions);
  const texts = async (run: string) =>
    (await readFile(join(story.serving.workspace, "runs", run, "interactions.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .map(({ id, draft, revision }) => ({ id, draft, revision }));
  const start = async (name: string) => {
    const { run } = await story.serving.ask((client) => client.society.start({ config: config(), name }));
    await goTo(story.page, "society", run ?? "");
    await reach(1);
    return run ?? "";
  };

  it("is found again where it stands after the page was loaded anew, and goes on", async () => {
    const { page } = story;
    const run = await start("Reloaded");
    const before = await figure();
    await page.reload();
    await reach(before);
    await runState(page, "finished");
    await reach(total);
    expect((await texts(run)).length).toBe(total);
    expect(await page.locator(".interaction-line").count()).toBe(40);
  });

  it("survives the death of its engine: the window says so, the process comes back, the run says what it would have said", async () => {
    const { page } = story;
    const run = await start("Killed");
    const engine = () =>
      story.serving.ask(
        async (client) => (await client.machine.get()).hosts.find(({ kind }) => kind === "engine")?.pid,
      );
    const first = await engine();
    process.kill(first ?? 0, "SIGKILL");
    const warnings = page.getByRole("status", { name: text.warnings.label });
    await warnings
      .getByText(/The engine process ended unexpectedly.*started again.*nothing that was finished is lost/)
      .waitFor();
    await runState(page, "finished");
    await reach(total);
    expect(await engine()).not.toBe(first);
    expect(await texts(run)).toEqual(await texts("reloaded"));
  });

  it("waits in the next workbench after this one was killed, and is resumed by a click", async () => {
    const run = await start("Cut off");
    const { page } = story;
    await story.serving.end("SIGKILL");
    await page.getByText(text.shell.lostLong).waitFor();
    // The page tried its line in vain: the browser reports each try, and that is no fault of the page.
    story.window.faults.splice(0);
    await story.window[Symbol.asyncDispose]();
    story.serving = await startServing(story.folder);
    story.window = await openWindow(story.serving);
    await goTo(story.page, "society", run);
    await runState(story.page, "stopped");
    const kept = await figure();
    expect(kept).toBeGreaterThanOrEqual(1);
    expect(kept).toBeLessThan(total);
    await button(story.page, text.actions.resume).click();
    await runState(story.page, "finished");
    await reach(total);
    expect(await texts(run)).toEqual(await texts("reloaded"));
  });
});
