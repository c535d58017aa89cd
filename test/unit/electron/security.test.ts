import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isPageUrl, mayBeGranted, mayRequest, offlineSwitches, webPreferences } from "../../../electron/security.ts";

const electronFolder = join(import.meta.dirname, "..", "..", "..", "electron");

describe("the page's address", () => {
  it.each(["app://folkmoot/", "app://folkmoot/index.html?x#y", "app://folkmoot/assets/a.js"])("is %s", (url) => {
    expect(isPageUrl(url)).toBe(true);
  });

  it.each([
    "app://folkmoot.evil/",
    "app://folkmoot@evil/",
    "app://user@folkmoot/",
    "app://folkmoot:80/",
    "app://evil/folkmoot/",
    "apps://folkmoot/",
    "app:folkmoot",
    "file:///folkmoot/",
    "https://folkmoot/",
    "blob:app://folkmoot/x",
    "javascript:app://folkmoot/",
    "about:blank",
    "",
    " app",
  ])("is not %j", (url) => {
    expect(isPageUrl(url)).toBe(false);
  });
});

describe("requests", () => {
  it.each([
    "app://folkmoot/a.js",
    "data:image/png;base64,AA==",
    "blob:app://folkmoot/5f",
    "devtools://devtools/x.html",
  ])("may go to %s", (url) => expect(mayRequest(url)).toBe(true));
  it.each([
    "http://127.0.0.1:80/",
    "https://huggingface.co/",
    "ws://127.0.0.1/",
    "file:///etc/passwd",
    "blob:https://evil/5f",
    "blob:app://evil/5f",
    "ftp://x/",
    "chrome-extension://x/",
    "not an address",
  ])("may not go to %s", (url) => expect(mayRequest(url)).toBe(false));
});

describe("permissions", () => {
  it("is one, for the page's main frame", () => {
    expect(mayBeGranted("clipboard-sanitized-write", "app://folkmoot/", true)).toBe(true);
    expect(mayBeGranted("clipboard-sanitized-write", "app://folkmoot/", false)).toBe(false);
    expect(mayBeGranted("clipboard-sanitized-write", "https://evil/", true)).toBe(false);
  });

  it.each(["clipboard-read", "media", "geolocation", "notifications", "openExternal", "fileSystem", "hid", "unknown"])(
    "is never %s",
    (permission) => expect(mayBeGranted(permission, "app://folkmoot/", true)).toBe(false),
  );
});

describe("the source", () => {
  const sources = readdirSync(electronFolder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.c?ts$/.test(name))
    .map((name) => ({ name, text: readFileSync(join(electronFolder, name), "utf8") }));

  it("touches Electron's IPC in one file of main, and in the preload", () => {
    const using = sources.filter(({ text }) => /\bipcMain\b|\bipcRenderer\b/.test(text)).map(({ name }) => name);
    expect(using.sort()).toEqual(["ipc.ts", "preload.cts"]);
  });

  it("opens nothing outside, and switches no protection off", () => {
    const text = sources.map((source) => source.text).join("\n");
    expect(text).not.toMatch(
      /openExternal\(|no-sandbox|disable-web-security|enableBlinkFeatures|ignore-certificate|loadFile\(/,
    );
    expect(
      Object.entries(webPreferences("/p.cjs")).filter(
        ([name, value]) => /node|insecure|experimental|webview/i.test(name) && value,
      ),
    ).toEqual([]);
    expect(Object.fromEntries(offlineSwitches)["host-resolver-rules"]).toBe("MAP * ~NOTFOUND");
  });

  it("has a preload without a single import that is left at run time", () => {
    const preload = sources.find(({ name }) => name === "preload.cts")?.text ?? "";
    expect(preload.match(/^import (?!type )/gm)).toBeNull();
    expect(preload.match(/require\(/g)?.length).toBe(1);
  });
});
