/** The window in a browser, with everything written down that it asks of the network and everything that goes wrong. */
import type { BrowserContext, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import type { Screen } from "../../../renderer/app/route.ts";
import { text } from "../../../renderer/text/en.ts";
import { launchChromium } from "../../support/chromium.ts";
import type { Serving } from "./serving.ts";

/** Longest wait for what a person would see; the machine may be busy. Milliseconds. */
export const patience = 45_000;

export interface WindowOptions {
  /** Default dark. */
  readonly colors?: "dark" | "light";
  /** Default 1440 × 900. */
  readonly size?: { readonly width: number; readonly height: number };
}

export interface Window extends AsyncDisposable {
  readonly page: Page;
  /** Addresses asked for that are not those of `serving`. */
  readonly foreign: string[];
  /** Faults of the page: exceptions, errors and warnings on its console. */
  readonly faults: string[];
}

/**
 * Opens the window on a workbench. Closing it fails the test when the page, or the workbench behind it, has asked for
 * anything outside this machine, and when the page had a fault.
 */
export async function openWindow(serving: Serving, options: WindowOptions = {}): Promise<Window> {
  const browser = await launchChromium();
  const context = await browser.newContext({
    viewport: options.size ?? { width: 1440, height: 900 },
    colorScheme: options.colors ?? "dark",
    reducedMotion: "reduce",
    locale: "en-GB",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const foreign = watchRequests(context, page, new URL(serving.url).host);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.stack ?? error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
  });
  await page.goto(serving.url);
  await page.locator(".status").getByText(text.shell.offline, { exact: true }).waitFor();
  return {
    page,
    foreign,
    faults,
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      expect(foreign, "asked for by the page").toEqual([]);
      expect(serving.connections(), "connected to by the workbench").toEqual([]);
      expect(faults, "faults of the page").toEqual([]);
    },
  };
}

function watchRequests(context: BrowserContext, page: Page, host: string): string[] {
  const foreign: string[] = [];
  const look = (address: string) => {
    const { protocol, host: asked } = new URL(address);
    // These two are the page's own memory, not the network.
    if (protocol !== "data:" && protocol !== "blob:" && asked !== host) foreign.push(address);
  };
  context.on("request", (request) => look(request.url()));
  page.on("websocket", (socket) => look(socket.url()));
  return foreign;
}

/** Goes to a place as a link would, without loading the page anew. */
export async function goTo(page: Page, screen: Screen, ...path: readonly string[]): Promise<void> {
  const hash = `#/${[screen, ...path].map(encodeURIComponent).join("/")}`;
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await heading(page, screen).waitFor();
}

/** The name of a screen in its top line, while something of it is looked at. */
export function heading(page: Page, screen: Screen): Locator {
  return page.locator(".screen-bar h1").filter({ hasText: new RegExp(`^${headings[screen] ?? text.screens[screen]}`) });
}

/** Chat and the forms have names of their own. */
const headings: Partial<Record<Screen, string>> = {
  society: `(${text.society.title}|${text.society.setup.title})`,
  data: `(${text.data.title}|${text.data.setup.title})`,
  align: `(${text.align.title}|${text.align.setup.title})`,
  evaluate: `(${text.evaluate.title}|${text.evaluate.setup.title}|${text.evaluate.talk.title}|${text.evaluate.talk.compare})`,
};

/** A button of the page by its text; those of other names that contain it are not meant. */
export function button(within: Page | Locator, name: string): Locator {
  return within.getByRole("button", { name, exact: true });
}

/** Waits for the state of the run that is looked at. */
export async function runState(page: Page, state: keyof typeof text.states): Promise<void> {
  await page.locator(`.screen-bar .badge.state.${state}`).waitFor();
}

/** A choice in a select field, by its name. */
export async function choose(field: Locator, entry: string): Promise<void> {
  await field.getByRole("button").click();
  const page = field.page();
  await page
    .getByRole("option")
    .filter({ has: page.getByText(entry, { exact: true }) })
    .click();
}

/** A field of a form by the name of its setting. */
export function setting(page: Page, name: string): Locator {
  return page.locator(`[data-setting="${name}"]`);
}

/** Puts a number into a field of a form and leaves it, which is when it counts. */
export async function setNumber(page: Page, name: string, value: number): Promise<void> {
  const input = setting(page, name).getByRole("textbox");
  await input.fill(String(value));
  await input.press("Tab");
}

/** Opens a part of a form. */
export async function openSection(page: Page, title: string): Promise<void> {
  await page.locator(".section-toggle").filter({ hasText: title }).click();
}

/** The text of an element, without the blanks around it. */
export async function textOf(element: Locator): Promise<string> {
  return (await element.textContent())?.trim() ?? "";
}
