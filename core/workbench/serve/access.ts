/** Who may speak to the served workbench. Pure, but for the drawing of the token. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 256 random bits, hex. */
export function freshToken(): string {
  return randomBytes(32).toString("hex");
}

export interface AccessRequest {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Path with query, as it stands in the request. */
  readonly url: string;
  readonly cookie: string | undefined;
}

export class Access {
  private readonly token: string;
  private readonly hosts: ReadonlySet<string>;
  private readonly port: number;

  constructor(token: string, port: number) {
    this.token = token;
    this.port = port;
    this.hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  }

  /** The name that a page used for us: another one means that its address was rebound to this machine. */
  isOurHost({ host }: AccessRequest): boolean {
    return host !== undefined && this.hosts.has(host);
  }

  /** A socket must come from a page of ours; a page of somebody else, or no page at all, may not open one. */
  isOurOrigin({ origin, host }: AccessRequest): boolean {
    return origin !== undefined && origin === `http://${host}` && this.hosts.has(host ?? "");
  }

  /** By the address or by the cookie that the first visit left. */
  hasToken(request: AccessRequest): boolean {
    return [tokenInUrl(request.url), this.tokenInCookie(request.cookie)].some(
      (given) => given !== null && isEqual(given, this.token),
    );
  }

  /** Whether the token came with the address, so that a cookie is worth leaving. */
  hasTokenInUrl({ url }: AccessRequest): boolean {
    return isEqual(tokenInUrl(url) ?? "", this.token);
  }

  /** Kept from scripts and from other sites; named by the port, because cookies do not tell ports apart. */
  get cookie(): string {
    return `${this.cookieName}=${this.token}; HttpOnly; SameSite=Strict; Path=/`;
  }

  private get cookieName(): string {
    return `folkmoot-${this.port}`;
  }

  private tokenInCookie(cookie: string | undefined): string | null {
    const prefix = `${this.cookieName}=`;
    const found = cookie?.split(";").find((part) => part.trim().startsWith(prefix));
    return found === undefined ? null : found.trim().slice(prefix.length);
  }
}

export function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

function tokenInUrl(url: string): string | null {
  const at = url.indexOf("?");
  return at === -1 ? null : new URLSearchParams(url.slice(at + 1)).get("token");
}

/** Takes the same time wherever the first difference is. */
function isEqual(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
