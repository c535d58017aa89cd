/** The policy that the page lives under, in the desktop window and in the browser alike. */
import { randomBytes } from "node:crypto";

/** The word in dist/renderer/index.html that whoever serves it replaces by a fresh nonce per load (vite: `html.cspNonce`). */
export const noncePlaceholder = "FOLKMOOT_NONCE";

/** 144 random bits, base64. */
export function freshNonce(): string {
  return randomBytes(18).toString("base64");
}

/**
 * The value of the `Content-Security-Policy` header. Nothing is allowed that is not named: no eval, no inline script or
 * style without the nonce, no frame, no form, no connection but to where the page came from.
 *
 * @param nonce of this load; React Aria inserts one style element that carries it
 * @param connect further sources of `connect-src`, e.g. `ws://127.0.0.1:4321`; default none
 */
export function contentSecurityPolicy(nonce: string, connect: readonly string[] = []): string {
  const sources: Record<string, string[]> = {
    "default-src": ["'none'"],
    "script-src": ["'self'", `'nonce-${nonce}'`],
    "style-src": ["'self'", `'nonce-${nonce}'`],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'", ...connect],
    "worker-src": ["'self'"],
    "manifest-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-src": ["'none'"],
    "frame-ancestors": ["'none'"],
    "object-src": ["'none'"],
    "require-trusted-types-for": ["'script'"],
  };
  return Object.entries(sources)
    .map(([directive, values]) => `${directive} ${values.join(" ")}`)
    .join("; ");
}

/** All security headers of one response. */
export function securityHeaders(nonce: string, connect: readonly string[] = []): Record<string, string> {
  return {
    "Content-Security-Policy": contentSecurityPolicy(nonce, connect),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), midi=()",
  };
}
