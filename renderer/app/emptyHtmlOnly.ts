/**
 * Must run before React Aria speaks: it empties its list of announcements with `innerHTML = ""`, which the page's policy
 * (`require-trusted-types-for 'script'`) refuses by throwing in the middle of whatever was announced. The empty text is
 * let through, everything else is still refused.
 */
interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML(html: string): string | null }): unknown;
}

const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes };
trustedTypes?.createPolicy("default", { createHTML: (html) => (html === "" ? "" : null) });
