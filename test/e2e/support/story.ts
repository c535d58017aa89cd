/** A workspace, a serving workbench and a window for the tests of one `describe`, which tell one story in order. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { type Material, writeMaterial } from "./material.ts";
import { type Serving, startServing } from "./serving.ts";
import { openWindow, type Window, type WindowOptions } from "./window.ts";

/** Pictures of failures; not part of the repository. */
const pictures = join(import.meta.dirname, "..", "..", "..", "out", "e2e");

export interface Story {
  readonly folder: string;
  readonly material: Material;
  serving: Serving;
  window: Window;
  readonly page: Page;
}

/**
 * Sets the hooks of the story; what it returns is there from the first test on. After a failure the rest is skipped: it
 * would only wait for what does not come. The failure leaves a picture in out/e2e/, and in the log what the page said.
 */
export function openStory(name: string, options: WindowOptions = {}): Story {
  const story = {} as { -readonly [Key in keyof Story]: Story[Key] };
  let broken = false;
  beforeAll(async () => {
    story.folder = await mkdtemp(join(tmpdir(), "folkmoot-e2e-"));
    story.material = await writeMaterial(story.folder);
    story.serving = await startServing(story.folder);
    story.window = await openWindow(story.serving, options);
  }, 90_000);
  beforeEach(({ skip }) => skip(broken, "an earlier part of the story failed"));
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    broken = true;
    await mkdir(pictures, { recursive: true });
    const path = join(pictures, `${name}-${task.name.replace(/\W+/g, "-").slice(0, 60)}.png`);
    const { page } = story.window ?? {};
    await page?.screenshot({ path }).catch(() => undefined);
    const shown = await page?.evaluate<string>("document.body.innerText").catch(String);
    console.error(`${task.name}: ${page?.url().replace(/\?.*?(#|$)/, "$1")} showed\n${shown?.slice(0, 2000)}`);
  });
  afterAll(async () => {
    try {
      await story.window?.[Symbol.asyncDispose]();
    } finally {
      await story.serving?.[Symbol.asyncDispose]();
      await rm(story.folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }, 60_000);
  return Object.defineProperty(story, "page", { get: () => story.window.page });
}
