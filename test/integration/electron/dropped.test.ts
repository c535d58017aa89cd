import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { text } from "../../../renderer/text/en.ts";
import { chromiumPath } from "../../support/chromium.ts";
import { dropFiles } from "../../support/dropFiles.ts";
import { type Desktop, launchDesktop } from "../../support/electron/desktop.ts";
import { userDataFolder } from "../../support/electron/launchFixture.ts";
import { q8Model } from "../models/fixtures.ts";

const root = join(import.meta.dirname, "..", "..", "..");
/** The page as it is built; `npm test` builds first. */
const built = existsSync(join(root, "dist", "renderer", "index.html"));

describe.skipIf(chromiumPath === null || !built)("files dropped on the desktop window", { timeout: 60_000 }, () => {
  const folder = userDataFolder();
  const [model, questions, rows] = ["little.gguf", "asked.txt", "rows.jsonl"].map((name) =>
    join(folder.path, name),
  ) as [string, string, string];
  let desktop: Desktop;
  let page: Page;

  beforeAll(async () => {
    copyFileSync(q8Model, model);
    writeFileSync(questions, "May I keep the purse?\nWho broke the window?\n");
    const row = { query: "May I?", responses: ["Ask first.", "Take it."], scores: [7, 1] };
    writeFileSync(rows, `${JSON.stringify(row)}\n`);
    desktop = await launchDesktop({
      entry: join(root, "electron", "main.ts"),
      userData: join(folder.path, "data"),
      env: { FOLKMOOT_WORKSPACE: join(folder.path, "workspace") },
    });
    page = await desktop.page();
    await page.locator(".status").getByText(text.shell.offline, { exact: true }).waitFor();
  });
  afterAll(async () => {
    await desktop?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  /** What Electron knows of a file that came from the file manager; the stand-in is told. */
  const dropFromDisk = async (...paths: string[]) => {
    const places = Object.fromEntries(paths.map((path) => [path.slice(folder.path.length + 1), path]));
    await page.evaluate(`document.documentElement.dataset.filePlaces = ${JSON.stringify(JSON.stringify(places))}`);
    const contentOf = (path: string) => (path.endsWith(".gguf") ? "GGUF" : readFileSync(path, "utf8"));
    await dropFiles(page, ...Object.entries(places).map(([name, path]) => ({ name, content: contentOf(path) })));
  };

  it("a model is linked and shown", async () => {
    await dropFromDisk(model);
    await page.locator(".screen-bar h1").getByText(text.models.title, { exact: true }).waitFor();
    await page.locator(".facts").getByText(model).waitFor();
  });

  it("data are imported and questions put into the form, at once", async () => {
    await dropFromDisk(rows, questions);
    const field = page.locator('[data-setting="questions.path"] input');
    await field.waitFor();
    await expect.poll(() => field.inputValue()).toBe(questions);
    await page.evaluate(`location.hash = "#/data"`);
    await page.locator(".table-row").getByText("rows").first().waitFor();
  });

  it("a second drop fills in the form that stands there already", async () => {
    await page.evaluate(`location.hash = "#/align/new"`);
    await page.locator('[data-setting="data"]').first().waitFor();
    await dropFromDisk(rows);
    const inputs = page.locator('[data-setting="data"] input');
    await expect.poll(() => inputs.evaluateAll((all) => all.map(({ value }) => value))).toContain(rows);
  });
});
