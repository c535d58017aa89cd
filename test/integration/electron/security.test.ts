import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeInChromium } from "../../support/chromium.ts";
import type { Desktop } from "../../support/electron/desktop.ts";
import { launchFixture, lineOpen } from "../../support/electron/launchFixture.ts";

/** Runs in the page; `remote` is a server that must never hear of it. */
interface Attack {
  readonly name: string;
  readonly code: (remote: string) => string;
}

/** Each has to reach the server where nothing defends (the last describe holds this list to that). */
const attacksOnTheNetwork: readonly Attack[] = [
  { name: "navigate", code: (remote) => `location.href = "${remote}"` },
  {
    name: "navigate by a link",
    code: (remote) => `Object.assign(document.createElement("a"), { href: "${remote}" }).click()`,
  },
  {
    name: "submit a form",
    code: (remote) =>
      `const form = Object.assign(document.createElement("form"), { action: "${remote}", method: "post" });
       document.body.append(form); form.submit()`,
  },
  {
    name: "refresh to it",
    code: (remote) =>
      `document.head.append(Object.assign(document.createElement("meta"), { httpEquiv: "refresh", content: "0;url=${remote}" }))`,
  },
  { name: "open a window", code: (remote) => `window.open("${remote}")` },
  {
    name: "open a window by a link",
    code: (remote) => `Object.assign(document.createElement("a"), { href: "${remote}", target: "_blank" }).click()`,
  },
  { name: "fetch", code: (remote) => `fetch("${remote}", { mode: "no-cors" }).catch(() => {})` },
  {
    name: "XMLHttpRequest",
    code: (remote) => `const request = new XMLHttpRequest(); request.open("GET", "${remote}"); request.send()`,
  },
  { name: "beacon", code: (remote) => `navigator.sendBeacon("${remote}")` },
  { name: "server-sent events", code: (remote) => `new EventSource("${remote}")` },
  { name: "WebSocket", code: (remote) => `new WebSocket("${remote.replace("http", "ws")}")` },
  { name: "image", code: (remote) => `new Image().src = "${remote}"` },
  {
    name: "script",
    code: (remote) => `document.head.append(Object.assign(document.createElement("script"), { src: "${remote}" }))`,
  },
  {
    name: "style sheet",
    code: (remote) =>
      `document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: "${remote}" }))`,
  },
  { name: "style by script", code: (remote) => `document.body.style.backgroundImage = "url(${remote})"` },
  {
    name: "frame",
    code: (remote) => `document.body.append(Object.assign(document.createElement("iframe"), { src: "${remote}" }))`,
  },
  { name: "module", code: (remote) => `import("${remote}").catch(() => {})` },
];

/** Code from text, by every door that a page has; each sets `window.broken` where nothing defends. */
const attacksOnCode: readonly Attack[] = [
  { name: "eval", code: () => `(0, eval)("window.broken = true")` },
  { name: "new Function", code: () => `new Function("window.broken = true")()` },
  { name: "timer from text", code: () => `setTimeout("window.broken = true")` },
  {
    name: "inline script",
    code: () =>
      `const script = document.createElement("script"); script.textContent = "window.broken = true"; document.head.append(script)`,
  },
  {
    name: "markup with a handler",
    code: () => `document.body.innerHTML += '<img src="data:," onerror="window.broken = true">'`,
  },
  {
    name: "handler attribute",
    code: () =>
      `const button = document.createElement("button"); button.setAttribute("onclick", "window.broken = true"); button.click()`,
  },
  { name: "javascript: address", code: () => `location.href = "javascript:void(window.broken = true)"` },
  {
    name: "worker from a blob",
    code: () =>
      `new Worker(URL.createObjectURL(new Blob(["postMessage(1)"]))).onmessage = () => { window.broken = true }`,
  },
];

/** Ten frames and timers: longer than any of the attacks takes where nothing defends. */
const settle = (page: Page) => page.waitForTimeout(400);

/** As the page's own code runs it: what the driver evaluates directly is exempt from the policy. */
async function attack(page: Page, code: string): Promise<void> {
  const start = () => page.evaluate(`window.broken = undefined; setTimeout(() => { ${code} })`);
  // Once more where the driver had not yet noticed that the page was loaded anew.
  await start().catch(start);
  await settle(page);
}

class Remote implements AsyncDisposable {
  readonly hits: string[] = [];
  private readonly server: Server = createServer((request, response) => {
    this.hits.push(request.url ?? "");
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.end("<title>Elsewhere</title>");
  });

  async start(): Promise<this> {
    this.server.on("upgrade", (request, socket) => {
      this.hits.push(request.url ?? "");
      socket.destroy();
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  address(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${encodeURIComponent(path)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describeInChromium("security", () => {
  let remote: Remote;
  beforeAll(async () => {
    remote = await new Remote().start();
  });
  afterAll(() => remote[Symbol.asyncDispose]());

  describe("the page of the program", () => {
    let desktop: Desktop;
    let page: Page;
    beforeAll(async () => {
      desktop = await launchFixture();
      page = await desktop.page();
      await lineOpen(page);
    });
    afterAll(() => desktop[Symbol.asyncDispose]());

    it.each(attacksOnTheNetwork)("cannot reach a server: $name", async ({ name, code }) => {
      const before = remote.hits.length;
      await attack(page, code(remote.address(name)));
      expect(remote.hits.slice(before)).toEqual([]);
      expect(await page.evaluate("document.title")).toBe("Fixture");
      expect(await page.evaluate("window.ports.length")).toBe(1);
      expect(await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
    });

    it.each(attacksOnCode)("cannot run code from text: $name", async ({ code }) => {
      await attack(page, code(""));
      expect(await page.evaluate("window.broken")).toBeUndefined();
    });

    it("cannot show or read a file of the machine", async () => {
      await attack(page, `location.href = "file:///etc/hostname"`);
      await attack(
        page,
        `document.body.append(Object.assign(document.createElement("iframe"), { src: "file:///etc/hostname" }))`,
      );
      expect(await page.evaluate("document.title")).toBe("Fixture");
      const read = await page.evaluate(
        `fetch("file:///etc/hostname").then((answer) => answer.text(), () => "refused")`,
      );
      expect(read).toBe("refused");
    });

    it.each([
      "/../package.json",
      "/..%2f..%2f..%2fpackage.json",
      "/%2e%2e/%2e%2e/package.json",
      "/..%5c..%5cpackage.json",
      "//etc/hostname",
      "/%2fetc%2fhostname",
      "/page.js%00.html",
      "/%",
      "/assets",
      "/constructor",
    ])("finds nothing outside its own files: %s", async (path) => {
      const status = await page.evaluate(
        `fetch(location.origin + ${JSON.stringify(path)}).then((answer) => answer.status)`,
      );
      expect(status).toBe(404);
    });

    it("answers nothing but reading", async () => {
      expect(await page.evaluate(`fetch("/page.js", { method: "POST" }).then((answer) => answer.status)`)).toBe(405);
      expect(await page.evaluate(`fetch("/page.js").then((answer) => answer.status)`)).toBe(200);
    });

    it("is given no permission but to put text on the clipboard", async () => {
      const states = await page.evaluate(`Promise.all(
        ["geolocation", "notifications", "camera", "microphone", "midi", "clipboard-read"].map((name) =>
          navigator.permissions.query({ name }).then(({ state }) => state, () => "denied")))`);
      expect(new Set(states as string[])).toEqual(new Set(["denied"]));
      const media = await page.evaluate(
        `navigator.mediaDevices?.getUserMedia({ audio: true }).then(() => "given", () => "refused") ?? "refused"`,
      );
      expect(media).toBe("refused");
    });

    it("is made with every protection switched on", async () => {
      const preferences = await desktop.evaluate(({ BrowserWindow }) => {
        const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
          getLastWebPreferences(): Record<string, unknown>;
        };
        return contents.getLastWebPreferences();
      });
      expect(preferences).toMatchObject({
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        webviewTag: false,
      });
      expect(preferences).not.toHaveProperty("enableBlinkFeatures");
      expect(await page.evaluate("[typeof require, typeof process, typeof module]")).toEqual([
        "undefined",
        "undefined",
        "undefined",
      ]);
    });

    it("says in the diagnostics what was refused, without paths and queries", async () => {
      await attack(page, `location.href = "${remote.address("secret-path")}"`);
      await desktop.evaluate(({ Menu }) => Menu.getApplicationMenu()?.getMenuItemById("copy-diagnostics")?.click());
      await expect
        .poll(() => desktop.evaluate(({ clipboard }) => clipboard.readText()))
        .toContain("security: refused to go to http://127.0.0.1");
      expect(await desktop.evaluate(({ clipboard }) => clipboard.readText())).not.toContain("secret-path");
    });
  });

  describe("messages to main", () => {
    let desktop: Desktop;
    beforeAll(async () => {
      desktop = await launchFixture();
      await lineOpen(await desktop.page());
    });
    afterAll(() => desktop[Symbol.asyncDispose]());

    /** Opens another window on `url` with the given preload, and answers what its title became. */
    const titleOf = (url: string, preload: string) =>
      desktop.evaluate(
        async ({ BrowserWindow }, { url, preload }) => {
          const window = new BrowserWindow({
            show: false,
            webPreferences: { preload, sandbox: true, partition: "attack" },
          });
          await window.loadURL(url).catch(() => {});
          await new Promise((resolve) => setTimeout(resolve, 600));
          const title = await window.webContents.executeJavaScript("document.title");
          window.destroy();
          return title as string;
        },
        { url, preload },
      );

    it("a page from elsewhere gets no line, even with the program's own preload", async () => {
      const preload = await desktop.evaluate(({ BrowserWindow }) => {
        const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
          getLastWebPreferences(): { preload: string };
        };
        return contents.getLastWebPreferences().preload;
      });
      const page = encodeURIComponent(
        `<title>no line</title><script>addEventListener("message", () => { document.title = "line" }); window.folkmoot.onPort(() => { document.title = "line" })</script>`,
      );
      expect(await titleOf(`data:text/html,${page}`, preload)).toBe("no line");
    });

    it("a preload that is not ours finds no channel that answers", async () => {
      const preload = join(import.meta.dirname, "..", "..", "fixtures", "window", "foreignPreload.cjs");
      expect(await titleOf("data:text/html,<title>waiting</title>", preload)).toBe("invoke refused, port refused");
    });
  });

  describe("the attacks themselves succeed where nothing defends", () => {
    let desktop: Desktop;
    beforeAll(async () => {
      desktop = await launchFixture({
        entry: join(import.meta.dirname, "..", "..", "support", "electron", "openMain.ts"),
      });
    });
    afterAll(() => desktop[Symbol.asyncDispose]());

    it.each(attacksOnTheNetwork)("$name", async ({ name, code }) => {
      const page = await desktop.page();
      await attack(page, code(remote.address(`open ${name}`)));
      await expect.poll(() => remote.hits).toContain(`/${encodeURIComponent(`open ${name}`)}`);
      await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.loadURL("app://folkmoot/"));
    });

    it.each(attacksOnCode)("$name", async ({ code }) => {
      const page = await desktop.page();
      await attack(page, code(""));
      await expect.poll(() => page.evaluate("window.broken")).toBe(true);
      await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.loadURL("app://folkmoot/"));
    });
  });
});
