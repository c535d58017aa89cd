/**
 * Chromium outside Electron knows no `app:` scheme, so the stand-in shows such a page under an `https:` address that
 * no network can have, and calls it by its true name towards main.
 */
const suffix = ".app-scheme.invalid";

/** `app://folkmoot/x` → `https://folkmoot.app-scheme.invalid/x`; other addresses stay. */
export function browserAddress(url: string): string {
  if (!URL.canParse(url) || new URL(url).protocol !== "app:") return url;
  const rest = url.slice("app://".length);
  const host = rest.split(/[/?#]/)[0] ?? "";
  return `https://${host}${suffix}${rest.slice(host.length) || "/"}`;
}

/** The way back. */
export function electronAddress(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (!parsed.hostname.endsWith(suffix)) return url;
  return `app://${parsed.hostname.slice(0, -suffix.length)}${url.slice(parsed.origin.length)}`;
}
