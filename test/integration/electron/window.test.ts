import { homedir } from "node:os";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeInChromium } from "../../support/chromium.ts";
import { type Desktop, eventually } from "../../support/electron/desktop.ts";
import type { Fixture } from "../../support/electron/fixtureMain.ts";
import { launchFixture, lineOpen, userDataFolder } from "../../support/electron/launchFixture.ts";

declare const fixture: Fixture;

/** Sends `expression` through the newest port and answers what the page makes of what comes back. */
const roundTrip = (page: Page, expression: string, read: string) =>
  page.evaluate(`new Promise((resolve, reject) => {
    const port = window.ports.at(-1);
    port.onmessage = ({ data: { echo } }) => { try { resolve((${read})(echo)) } catch (error) { reject(error) } };
    port.postMessage(${expression});
  })`);

describeInChromium("the window", () => {
  let desktop: Desktop;
  let page: Page;
  beforeAll(async () => {
    desktop = await launchFixture();
    page = await desktop.page();
    await lineOpen(page);
  });
  afterAll(() => desktop[Symbol.asyncDispose]());

  describe("what the page is given", () => {
    it("is one frozen object with a platform and a way to its port", async () => {
      const given = await page.evaluate(`({
        keys: Object.keys(window.folkmoot),
        frozen: Object.isFrozen(window.folkmoot),
        platform: window.folkmoot.platform,
        replaced: (() => { try { window.folkmoot = 1 } catch {} return typeof window.folkmoot })(),
        deleted: (() => { try { delete window.folkmoot } catch {} return typeof window.folkmoot })(),
        changed: (() => { try { window.folkmoot.onPort = 1 } catch {} return typeof window.folkmoot.onPort })(),
      })`);
      expect(given).toEqual({
        keys: ["platform", "onPort", "pathOf"],
        frozen: true,
        platform: process.platform,
        replaced: "object",
        deleted: "object",
        changed: "function",
      });
    });

    it("tells where a dropped file lies, and nothing about what a script made up", async () => {
      const places = await page.evaluate(`(() => {
        document.documentElement.dataset.filePlaces = JSON.stringify({ "village.gguf": "/models/village.gguf" });
        const file = (name) => new File(["x"], name);
        const { pathOf } = window.folkmoot;
        return [pathOf(file("village.gguf")), pathOf(file("made-up.gguf")), pathOf("/etc/passwd"), pathOf({ name: "a" })];
      })()`);
      expect(places).toEqual(["/models/village.gguf", null, null, null]);
    });

    it("carries structured clones both ways", async () => {
      const read = `(echo) => [
        echo.map instanceof Map && echo.map.get("k") instanceof Date && echo.map.get("k").getTime(),
        echo.set instanceof Set && [...echo.set],
        echo.bytes instanceof Uint8Array && [...echo.bytes],
        echo.big === 9007199254740993n, Object.is(echo.zero, -0), Number.isNaN(echo.none),
        echo.self === echo, echo.twice[0] === echo.twice[1], "nothing" in echo && echo.nothing === undefined,
      ]`;
      const value = `(() => {
        const value = { map: new Map([["k", new Date(5)]]), set: new Set([1, "a"]), bytes: new Uint8Array([1, 2, 255]),
          big: 9007199254740993n, zero: -0, none: NaN, nothing: undefined };
        value.self = value; const shared = {}; value.twice = [shared, shared]; return value; })()`;
      expect(await roundTrip(page, value, read)).toEqual([
        5,
        [1, "a"],
        [1, 2, 255],
        true,
        true,
        true,
        true,
        true,
        true,
      ]);
    });

    it("gets a new line by itself when the workbench had to start again", async () => {
      const before = await page.evaluate<number>("window.ports.length");
      await desktop.evaluate(() => fixture.options?.onRestart());
      await lineOpen(page, before + 1);
      expect(await roundTrip(page, "'again'", "(echo) => echo")).toBe("again");
    });

    it("gets one line after a reload, and main forgets the old one", async () => {
      await page.reload();
      await lineOpen(page, 1);
      expect(await roundTrip(page, "'reloaded'", "(echo) => echo")).toBe("reloaded");
    });
  });

  describe("the policy", () => {
    it("lets the page's own script and style work, and style elements with the nonce of this load only", async () => {
      const color = (id: string) => page.evaluate<string>(`getComputedStyle(document.querySelector("#${id}")).color`);
      expect(await color("linked")).toBe("rgb(4, 5, 6)");
      expect(await color("own-style")).toBe("rgb(1, 2, 3)");
      expect(await color("no-nonce")).not.toBe("rgb(9, 9, 9)");
      expect(await page.evaluate("window.inlineRan")).toBeUndefined();
    });

    it("has a nonce that no two loads share, and no way around it", async () => {
      const policies = await page.evaluate<string[]>(
        `Promise.all([1, 2, 3].map(() => fetch("/").then((answer) => answer.headers.get("Content-Security-Policy"))))`,
      );
      const nonces = policies.map((policy) => /'nonce-([^']+)'/.exec(policy)?.[1]);
      expect(new Set(nonces).size).toBe(3);
      for (const nonce of nonces) expect(Buffer.from(nonce ?? "", "base64").length).toBeGreaterThanOrEqual(16);
      for (const policy of policies) expect(policy).not.toMatch(/unsafe-|\*|https?:/);
      const html = await page.evaluate<string>(`fetch("/").then((answer) => answer.text())`);
      expect(html).not.toContain("FOLKMOOT_NONCE");
    });
  });

  describe("menus", () => {
    const click = (id: string) =>
      desktop.evaluate(({ Menu }, id) => {
        const item = Menu.getApplicationMenu()?.getMenuItemById(id);
        if (item == null) throw new Error(`No menu item ${id}`);
        item.click();
        return item.accelerator ?? null;
      }, id);
    const keys = () => page.evaluate<string>(`document.querySelector("#keys").textContent`);
    const main = process.platform === "darwin" ? "Meta" : "Control";

    it.each([
      ["screen-1", "CommandOrControl+1", `[${main}+1]`],
      ["screen-8", "CommandOrControl+8", `[${main}+8]`],
      ["palette", "CommandOrControl+K", `[${main}+k]`],
      ["settings", "CommandOrControl+,", `[${main}+,]`],
      ["keys", "?", "[?]"],
    ])("%s presses the key that it shows in the page", async (id, accelerator, heard) => {
      const before = await keys();
      expect(await click(id)).toBe(accelerator);
      await eventually(async () => (await keys()) === before + heard);
    });

    it("the sheet of keys opens from a text field too, without a letter in it", async () => {
      await page.evaluate(`document.querySelector("#field").focus()`);
      const before = await keys();
      await click("keys");
      await eventually(async () => (await keys()) === `${before}[?]`);
      expect(await page.evaluate(`document.querySelector("#field").value`)).toBe("");
    });

    it("copies diagnostics with the versions and without the home folder", async () => {
      await click("copy-diagnostics");
      const text = await eventually(() => desktop.evaluate(({ clipboard }) => clipboard.readText() || null));
      expect(text).toContain("workbench: fine");
      expect(text).toMatch(/Electron 45\.4\.1, Chromium \d+, Node 24/);
      expect(text).not.toContain(homedir());
    });
  });

  describe("native dialogs", () => {
    it("opens the system's dialog on the window and answers what was chosen", async () => {
      const answer = await desktop.evaluate(async ({ dialog }) => {
        const asked: unknown[] = [];
        dialog.showOpenDialog = (async (_window: unknown, options: unknown) => {
          asked.push(options);
          return { canceled: false, filePaths: ["/models/a.gguf", "/models/b.gguf"] };
        }) as never;
        const paths = await fixture.options?.shell.pick({
          title: "Add models",
          kind: "files",
          endings: ["gguf"],
          start: "/models",
        });
        return { asked, paths };
      });
      expect(answer.paths).toEqual(["/models/a.gguf", "/models/b.gguf"]);
      expect(answer.asked).toMatchObject([
        {
          title: "Add models",
          defaultPath: "/models",
          properties: ["openFile", "multiSelections"],
          filters: [{ extensions: ["gguf"] }, { extensions: ["*"] }],
        },
      ]);
    });

    it("answers nothing when the person cancels", async () => {
      const paths = await desktop.evaluate(async ({ dialog }) => {
        dialog.showSaveDialog = (async () => ({ canceled: true, filePath: "" })) as never;
        return fixture.options?.shell.pick({ title: "Save", kind: "save", endings: [], start: null });
      });
      expect(paths).toEqual([]);
    });

    it.each(["//host/share/x", "\\\\host\\share\\x", "relative/x", "/no/such/file"])(
      "does not reveal %s",
      async (path) => {
        const outcome = await desktop.evaluate(async ({ shell }, path) => {
          let shown = 0;
          shell.showItemInFolder = () => void shown++;
          const error = await fixture.options?.shell.reveal(path).catch((thrown: { code: string }) => thrown.code);
          return { error, shown };
        }, path);
        expect(outcome).toEqual({ error: "bad-input", shown: 0 });
      },
    );
  });

  it("comes back after the page's process crashed, with a line", async () => {
    await desktop.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer(),
    );
    await eventually(async () => {
      const again = await desktop.page();
      return again.evaluate("window.ports?.length === 1 && document.title === 'Fixture'").catch(() => false);
    });
    expect(await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  });
});

describeInChromium("the window's place", () => {
  it("is where it was left, after a start anew", async () => {
    using folder = userDataFolder();
    {
      await using desktop = await launchFixture({ userData: folder.path });
      await lineOpen(await desktop.page());
      await desktop.evaluate(({ BrowserWindow }) => {
        BrowserWindow.getAllWindows()[0]?.setBounds({ x: 40, y: 50, width: 1100, height: 700 });
      });
      await desktop.evaluate(({ app }) => app.quit()).catch(() => {});
      expect(await desktop.exited).toBe(0);
    }
    await using desktop = await launchFixture({ userData: folder.path });
    await lineOpen(await desktop.page());
    const bounds = await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds());
    expect(bounds).toMatchObject({ width: 1100, height: 700 });
  });
});
