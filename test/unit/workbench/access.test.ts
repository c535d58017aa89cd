import { describe, expect, it } from "vitest";
import { withoutSecrets } from "../../../core/workbench/diagnostics.ts";
import { Access, freshToken } from "../../../core/workbench/serve/access.ts";

const token = freshToken();
const access = new Access(token, 4321);
const asked = (over: object = {}) => ({
  host: "127.0.0.1:4321",
  origin: "http://127.0.0.1:4321",
  url: `/?token=${token}`,
  cookie: undefined,
  ...over,
});

describe("access to the served workbench", () => {
  it("needs 256 bits, by address or by cookie", () => {
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(freshToken()).not.toBe(token);
    expect(access.hasToken(asked())).toBe(true);
    const cookie = access.cookie.split(";")[0];
    expect(access.hasToken(asked({ url: "/", cookie: `other=1; ${cookie}` }))).toBe(true);
    expect(access.cookie).toContain("HttpOnly; SameSite=Strict");
    for (const url of [
      "/",
      "/?token=",
      `/?token=${token.slice(1)}`,
      `/?token=${token}0`,
      `/#token=${token}`,
      `/?Token=${token}`,
    ])
      expect(access.hasToken(asked({ url })), url).toBe(false);
    expect(access.hasToken(asked({ url: "/", cookie: `folkmoot-1=${token}` }))).toBe(false);
  });

  it("is for pages of ours under our own name only", () => {
    expect(access.isOurHost(asked())).toBe(true);
    expect(access.isOurHost(asked({ host: "localhost:4321" }))).toBe(true);
    for (const host of ["evil.example:4321", "127.0.0.1", "127.0.0.1:80", "127.0.0.1.evil.example:4321", undefined])
      expect(access.isOurHost(asked({ host })), String(host)).toBe(false);
    expect(access.isOurOrigin(asked())).toBe(true);
    for (const origin of [
      undefined,
      "null",
      "https://127.0.0.1:4321",
      "http://127.0.0.1:1",
      "http://localhost:4321",
      "http://evil.example",
    ])
      expect(access.isOurOrigin(asked({ origin })), String(origin)).toBe(false);
  });
});

describe("diagnostics", () => {
  it("carry no token, no key and no name of the home folder", () => {
    const { HOME } = process.env;
    const text = `at ${HOME}/models http://127.0.0.1:1/?token=${token} api_key=abcdefgh12345678 hf_abcdefghijklmnopqrst`;
    const clean = withoutSecrets(text);
    expect(clean).not.toContain(token);
    expect(clean).not.toContain("abcdefgh");
    if (HOME !== undefined && HOME !== "/") expect(clean).not.toContain(HOME);
  });
});
