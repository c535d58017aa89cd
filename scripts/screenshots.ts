/**
 * `npm run screenshots [-- --workspace <dir>] [-- --out <dir>]`: pictures of every screen of the real program after the
 * small demo, dark and light, 1440 × 900 and 1024 × 700, into docs/screenshots/. Those that the README shows are kept in
 * the repository (.gitignore names them). With a workspace in which the demo has run, it is not run again.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { text } from "../renderer/text/en.ts";
import { launchBrowser } from "./window/browser.ts";
import { smallPng } from "./window/png.ts";
import { serveProcess } from "./window/serveProcess.ts";

const sizes = [
  { width: 1440, height: 900 },
  { width: 1024, height: 700 },
];
const themes = ["dark", "light"] as const;
const demo = "demo-small-seed1";
/** The demo takes about a minute on two cores. */
const demoMs = 600_000;

const { values } = parseArgs({ options: { workspace: { type: "string" }, out: { type: "string" } } });
const root = join(import.meta.dirname, "..");
const out = values.out ?? join(root, "docs", "screenshots");
const own = values.workspace === undefined ? await mkdtemp(join(tmpdir(), "folkmoot-screenshots-")) : null;
const workspace = values.workspace ?? join(own ?? "", "Folkmoot");

interface Picture {
  readonly name: string;
  readonly hash: string;
  /** Done before its first one. */
  readonly once?: (page: Page) => Promise<void>;
  /** Done on the screen before each is taken. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const firstRow = async (page: Page) => {
  await page.locator(".table-row").first().click();
};

const pictures: readonly Picture[] = [
  { name: "home", hash: "home" },
  { name: "models", hash: "models", prepare: firstRow },
  { name: "society-new", hash: "society/new" },
  {
    name: "dialogues",
    hash: `dialogues/${encodeURIComponent(`${demo}/society`)}`,
    prepare: async (page) => {
      await page.getByRole("button", { name: text.dialogues.views.title, exact: true }).click();
      await page.getByRole("menuitem", { name: text.dialogues.views.best }).click();
      await page.locator(".table-row").nth(2).click();
      await page.getByRole("article").waitFor();
    },
  },
  {
    name: "data",
    hash: "data",
    prepare: async (page) => {
      await firstRow(page);
      await page.locator(".row-browser .table-row").nth(1).click();
    },
  },
  { name: "data-new", hash: `data/new/${encodeURIComponent(`${demo}/society`)}` },
  { name: "align", hash: `align/${encodeURIComponent(`${demo}/align`)}` },
  {
    name: "align-new",
    hash: "align/new",
    prepare: async (page) => {
      await page.locator(".setup-side .memory-bar").waitFor();
    },
  },
  {
    name: "evaluate",
    hash: `evaluate/${encodeURIComponent(`${demo}/evaluation`)}`,
    prepare: async (page) => {
      await page.getByText(text.evaluate.results.onlyDifferent).click();
      await page.locator(".answers .table-row").first().click();
      await page.locator(".answer-pair").waitFor();
    },
  },
  { name: "evaluate-new", hash: "evaluate/new" },
  { name: "chat", hash: `evaluate/chat/${encodeURIComponent(`${demo}/align`)}`, once: loadChat, prepare: talk },
  { name: "exports", hash: "exports", prepare: firstRow },
  { name: "settings", hash: "settings" },
  {
    name: "commands",
    hash: "home",
    prepare: async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog").waitFor();
    },
  },
  // Last: a society that still runs, so that the grid has its moves.
  {
    name: "society",
    hash: "society",
    once: startSociety,
    prepare: async (page) => {
      await page.locator(".latest .interaction-line").nth(6).waitFor();
    },
  },
];

await mkdir(out, { recursive: true });
const serving = await serveProcess(workspace);
const browser = await launchBrowser();
try {
  const context = await browser.newContext({ reducedMotion: "reduce", locale: "en-GB" });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  await page.goto(serving.url);
  await page.locator(".status").getByText(text.shell.offline, { exact: true }).waitFor();
  await runDemo(page);
  for (const picture of pictures) {
    await picture.once?.(page);
    for (const theme of themes) for (const size of sizes) await take(page, picture, theme, size);
    await page.keyboard.press("Escape");
  }
  await page.getByRole("button", { name: text.actions.stop, exact: true }).click();
} finally {
  await browser.close();
  await serving[Symbol.asyncDispose]();
  if (own !== null) await rm(own, { recursive: true, force: true, maxRetries: 5 });
}

async function take(page: Page, picture: Picture, theme: (typeof themes)[number], size: (typeof sizes)[number]) {
  await page.setViewportSize(size);
  // A clean start of the screen: what the last picture left open or selected is not in this one.
  await page.evaluate(`localStorage.setItem("folkmoot-theme", ${JSON.stringify(theme)}); location.hash = "#/settings"`);
  await page.getByRole("radio", { name: text.shell.themes[theme] }).click();
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${picture.hash}`)}`);
  await page.locator(".screen-bar").waitFor();
  await page.waitForLoadState("networkidle");
  await picture.prepare?.(page);
  await page.mouse.move(size.width / 2, size.height - 4);
  await settle(page);
  const png = smallPng(await page.screenshot());
  const name = `${picture.name}-${theme}-${size.width}.png`;
  await writeFile(join(out, name), png);
  console.log(`${name} ${Math.round(png.length / 1024)} KiB`);
}

/** Two frames after the last answer: everything asked for is drawn. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(
    "new Promise((resolve) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(resolve)), 700))",
  );
}

async function runDemo(page: Page): Promise<void> {
  await page.getByRole("button", { name: text.home.demoRun }).click();
  await page.locator(".station.finished").getByText(text.home.stations.exportMerged, { exact: true }).waitFor({
    timeout: demoMs,
  });
}

async function loadChat(page: Page): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/evaluate/chat/${encodeURIComponent(`${demo}/align`)}`)}`);
  await page.locator(".composer").waitFor();
}

async function talk(page: Page): Promise<void> {
  await page
    .getByLabel(text.evaluate.talk.prompt)
    .fill("The trader gave me Wilma's scarf by mistake. What should I do?");
  await page.keyboard.press("Enter");
  await page.locator(".chat-turn .answer header .fine").nth(1).waitFor();
}

async function startSociety(page: Page): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/society/new/${encodeURIComponent(`${demo}/society`)}`)}`);
  await page.getByLabel(text.forms.name, { exact: true }).fill("A larger village");
  for (const [name, value] of [
    ["grid.rows", "8"],
    ["grid.columns", "8"],
    ["rounds", "60"],
  ]) {
    const field = page.locator(`[data-setting="${name}"]`).getByRole("textbox");
    await field.fill(value ?? "");
    await field.press("Tab");
  }
  await page.getByText(/^64 agents · 3.?840 /).waitFor();
  await page.getByRole("button", { name: text.society.setup.start, exact: true }).click();
  await page.locator(".screen-bar .badge.state.running").waitFor();
  // Two rounds, so that there is a path to draw.
  await page.locator(".pareto-panel circle").nth(2).waitFor({ timeout: demoMs });
}
