import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contentSecurityPolicy } from "../../../core/page/contentSecurityPolicy.ts";
import { openPageFiles, type PageFiles } from "../../../core/page/pageFiles.ts";

let folder: string;
let pages: PageFiles;
const text = async (path: string, method = "GET") => Buffer.from((await pages.respond(method, path)).body).toString();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "folkmoot-page-"));
  const page = join(folder, "page");
  mkdirSync(join(page, "assets"), { recursive: true });
  writeFileSync(join(folder, "secret.html"), "secret");
  writeFileSync(join(page, "index.html"), `<meta nonce="FOLKMOOT_NONCE"><script nonce="FOLKMOOT_NONCE"></script>`);
  writeFileSync(join(page, "assets", "a b.js"), "let x;");
  writeFileSync(join(page, "tool.exe"), "binary");
  writeFileSync(join(page, ".inputs"), "stamp");
  symlinkSync(join(folder, "secret.html"), join(page, "link.html"));
  pages = await openPageFiles(page);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("files of the page", () => {
  it("are served with their type, at their decoded name", async () => {
    const answer = await pages.respond("GET", "/assets/a%20b.js");
    expect(answer.status).toBe(200);
    expect(answer.headers["Content-Type"]).toBe("text/javascript; charset=utf-8");
    expect(answer.headers["X-Content-Type-Options"]).toBe("nosniff");
    expect(Buffer.from(answer.body).toString()).toBe("let x;");
  });

  it("carry the nonce of their own header, another with every load, never from a cache", async () => {
    const loads = await Promise.all([pages.respond("GET", "/"), pages.respond("GET", "/index.html")]);
    const nonces = loads.map(({ headers, body }) => {
      const nonce = /'nonce-([^']+)'/.exec(headers["Content-Security-Policy"] ?? "")?.[1] ?? "";
      expect(Buffer.from(body).toString()).toBe(`<meta nonce="${nonce}"><script nonce="${nonce}"></script>`);
      expect(headers["Cache-Control"]).toBe("no-store");
      return nonce;
    });
    expect(new Set(nonces).size).toBe(2);
  });

  it.each([
    "/../secret.html",
    "/%2e%2e/secret.html",
    "/..%2fsecret.html",
    "/link.html",
    "/tool.exe",
    "/.inputs",
    "/assets",
    "//",
    "",
    "/%",
    "/__proto__",
    "/index.html/",
  ])("do not lead out of the folder, nor to what is no page: %s", async (path) => {
    const answer = await pages.respond("GET", path);
    expect(answer.status).toBe(404);
    expect(Buffer.from(answer.body).toString()).toBe("Not found.");
    expect(answer.headers["Content-Security-Policy"]).toContain("default-src 'none'");
  });

  it("a file that is added later is not served", async () => {
    writeFileSync(join(folder, "page", "later.js"), "later");
    expect((await pages.respond("GET", "/later.js")).status).toBe(404);
  });

  it("answers HEAD without a body, and nothing that writes", async () => {
    expect(await text("/", "HEAD")).toBe("");
    expect((await pages.respond("HEAD", "/")).headers["Content-Length"]).not.toBe("0");
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
      expect((await pages.respond(method, "/")).status).toBe(405);
  });
});

describe("the policy", () => {
  it("names everything it allows; only connect-src can be widened", () => {
    const policy = contentSecurityPolicy("abc", ["ws://127.0.0.1:1"]);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'nonce-abc'; style-src 'self' 'nonce-abc'; /);
    expect(policy).toContain("connect-src 'self' ws://127.0.0.1:1;");
    expect(policy).not.toContain("unsafe-");
    for (const directive of ["frame-src", "frame-ancestors", "form-action", "base-uri", "object-src"])
      expect(policy).toContain(`${directive} 'none'`);
  });
});
