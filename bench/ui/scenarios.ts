/** What is measured of the window, each on a page that shows the replayed workspace. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { text } from "../../renderer/text/en.ts";
import { measureFrames, type PageWork, round } from "./pageWork.ts";
import type { AskedProcess } from "./process.ts";
import { alignRun } from "./workspace.ts";

/** Frames of scrolling, of panning and of zooming. */
const frames = 240;
/** A fast turn of the wheel, px per frame: 7 200 px/s where 60 frames are shown. */
const scrolled = 120;

/** Opens the window and waits until it can be used. Milliseconds from the address to the first list with its rows. */
export async function openPage(browser: Browser, url: string): Promise<{ page: Page; milliseconds: number }> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(120_000);
  const started = performance.now();
  await page.goto(url, { waitUntil: "commit" });
  await page.locator(".runs .table-row .state").first().waitFor();
  return { page, milliseconds: performance.now() - started };
}

/** Waits until the index has every interaction: built once, from the journals. */
export async function indexed(page: Page, interactions: number): Promise<void> {
  await page.keyboard.press("Control+4");
  await page.locator(".dialogue-table .rating").first().waitFor();
  // The window finds its filters again, and an earlier bench may have been broken off in the middle of one.
  const clear = page.getByRole("button", { name: new RegExp(`^${text.dialogues.clearFilters}`) });
  if (await clear.isVisible()) await clear.click();
  const total = text.dialogues.total(new Intl.NumberFormat("en").format(interactions));
  await page.getByText(total, { exact: true }).waitFor();
  await page.keyboard.press("Control+1");
  await page.locator(".runs").waitFor();
}

/** From the key to the first rows drawn, milliseconds. */
export async function openDialogues(page: Page): Promise<number> {
  return round(
    await page.evaluate<number>(`new Promise((resolve) => {
      const started = performance.now();
      location.hash = "#/dialogues";
      const look = () => document.querySelector(".dialogue-table .table-row .rating") === null
        ? requestAnimationFrame(look)
        : requestAnimationFrame(() => resolve(performance.now() - started));
      look();
    })`),
  );
}

/** From a change of the filter to the new rows drawn, milliseconds; the slowest of several. */
export async function filterDialogues(page: Page): Promise<{ switches: number; search: number }> {
  // What is seen is other when the count or the first row is another, and no row is still on its way.
  const settled = `(change) => new Promise((resolve, reject) => {
    const seen = () => document.querySelector(".screen-bar .numeric").textContent
      + document.querySelector(".dialogue-table .table-row")?.textContent;
    const before = seen();
    const started = performance.now();
    change();
    const look = () => {
      if (performance.now() - started > 20_000) reject(new Error("The filter changed nothing: " + before));
      else if (seen() === before || document.querySelector(".table-pending") !== null) requestAnimationFrame(look);
      else requestAnimationFrame(() => resolve(performance.now() - started));
    };
    look();
  })`;
  const press = (name: string) =>
    page.evaluate<number>(`(${settled})(() => {
      [...document.querySelectorAll(".filters [role=radio]")].find((one) => one.textContent === ${JSON.stringify(name)}).click();
    })`);
  const write = (words: string) =>
    page.evaluate<number>(`(${settled})(() => {
      const field = document.querySelector(".dialogue-search input");
      field.focus();
      field.select();
      document.execCommand("insertText", false, ${JSON.stringify(words)});
    })`);
  const { any, good, bad } = text.dialogues.labels;
  const switches = [await press(good), await press(bad), await press(any), await press(bad), await press(any)];
  const search = [await write("goat purse"), await write("neighbour quarrel har"), await write("goat")];
  await page.locator(".search-clear").first().click();
  return { switches: round(Math.max(...switches)), search: round(Math.max(...search)) };
}

/** Scrolls as with a fast wheel: rows come into view four in a frame, pages of them are fetched on the way. */
export function scrollDialogues(browser: Browser, page: Page): Promise<PageWork> {
  return moveTable(browser, page, `table.scrollTop += ${scrolled}`);
}

/** Drags the scroll bar: four times a second to where nothing is fetched yet and every row is another. */
export function jumpDialogues(browser: Browser, page: Page): Promise<PageWork> {
  return moveTable(
    browser,
    page,
    "if (frame % 15 === 0) table.scrollTop = (table.scrollHeight / 17) * (1 + frame / 15)",
  );
}

function moveTable(browser: Browser, page: Page, move: string): Promise<PageWork> {
  return measureFrames(browser, page, () =>
    page.evaluate(`new Promise((resolve) => {
      const table = document.querySelector(".dialogue-table .table");
      let frame = 0;
      const step = () => {
        ${move};
        ++frame < ${frames} ? requestAnimationFrame(step) : resolve();
      };
      requestAnimationFrame(step);
    })`),
  );
}

/** Zooms into the curves of a million steps, moves along them, and comes back. */
export async function moveCurves(browser: Browser, page: Page): Promise<PageWork & { openMilliseconds: number }> {
  const started = performance.now();
  await page.evaluate(`location.hash = "#/align/${alignRun}"`);
  await page
    .getByRole("application", { name: new RegExp(`^${text.align.curves.loss}\\..*[1-9][\\d,.]* points`) })
    .waitFor();
  const openMilliseconds = round(performance.now() - started);
  const work = await measureFrames(browser, page, () =>
    page.evaluate(`new Promise((resolve) => {
      const over = document.querySelector(".curve-cell.loss .u-over");
      const area = over.getBoundingClientRect();
      const at = { bubbles: true, cancelable: true, clientX: area.x + area.width * 0.6, clientY: area.y + area.height / 2 };
      let frame = 0;
      const step = () => {
        const part = Math.floor((frame * 3) / ${frames});
        const wheel = part === 1 ? { deltaX: frame % 2 === 0 ? 40 : 25, deltaY: 0 } : { deltaX: 0, deltaY: part === 0 ? -20 : 20 };
        over.dispatchEvent(new WheelEvent("wheel", { ...at, ...wheel }));
        ++frame < ${frames} ? requestAnimationFrame(step) : resolve();
      };
      requestAnimationFrame(step);
    })`),
  );
  return { ...work, openMilliseconds };
}

/** A society of 100 agents streams to its grid; the serving process is measured beside it. */
export async function streamSociety(
  browser: Browser,
  page: Page,
  server: AskedProcess,
  seconds: number,
): Promise<PageWork & { serverCpuPercent: number }> {
  const { started } = await server.ask<{ started: string }>("start");
  await page.evaluate(`location.hash = ${JSON.stringify(`#/society/${started}`)}`);
  await page.locator(".latest .interaction-line").nth(20).waitFor();
  const before = (await server.ask<{ cpu: number }>("cpu")).cpu;
  const began = performance.now();
  const work = await measureFrames(browser, page, () => page.waitForTimeout(seconds * 1000));
  const cpu = (await server.ask<{ cpu: number }>("cpu")).cpu - before;
  return { ...work, serverCpuPercent: round((cpu / ((performance.now() - began) / 1000)) * 100) };
}

export interface PageMemory {
  /** Greatest resident size of the page's process meanwhile, MB; null where it cannot be read. */
  readonly peakMegabytes: number | null;
  /** Resident at the end, after a garbage collection, MB. */
  readonly residentMegabytes: number | null;
  /** Of that, objects of scripts, MB. */
  readonly heapMegabytes: number;
  readonly minutes: number;
}

/** Takes all messages of the hours, then says what is left of them in memory. */
export async function takeHours(browser: Browser, url: string): Promise<PageMemory> {
  const { page } = await openPage(browser, url);
  const started = performance.now();
  await page.evaluate(`location.hash = "#/society/village-3"`);
  let [peak, over] = [0, false];
  const ended = page
    .locator(".screen-bar .badge.state.finished")
    .waitFor({ timeout: 3_600_000 })
    .finally(() => {
      over = true;
    });
  while (!over) {
    peak = Math.max(peak, (await residentOf(browser)) ?? 0);
    await Promise.race([ended, page.waitForTimeout(500)]);
  }
  await ended;
  const minutes = round((performance.now() - started) / 60_000);
  const line = await page.context().newCDPSession(page);
  await line.send("HeapProfiler.collectGarbage");
  await line.send("Performance.enable");
  const { metrics } = await line.send("Performance.getMetrics");
  const heap = metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN;
  const resident = await residentOf(browser);
  await page.close();
  return {
    peakMegabytes: peak === 0 ? null : peak,
    residentMegabytes: resident,
    heapMegabytes: round(heap / 1e6),
    minutes,
  };
}

/** Resident size of the largest page process, MB; null where /proc is not. */
async function residentOf(browser: Browser): Promise<number | null> {
  const line = await browser.newBrowserCDPSession();
  const { processInfo } = await line.send("SystemInfo.getProcessInfo");
  await line.detach();
  const sizes = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => {
      try {
        const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1];
        return Number(kilobytes) / 1000;
      } catch {
        return Number.NaN;
      }
    })
    .filter(Number.isFinite);
  return sizes.length === 0 ? null : round(Math.max(...sizes));
}
