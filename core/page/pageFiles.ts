/** The files of the built page, for whoever serves it: the desktop's `app://` protocol and `folkmoot serve`. */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { freshNonce, noncePlaceholder, securityHeaders } from "./contentSecurityPolicy.ts";

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

export interface PageResponse {
  readonly status: 200 | 404 | 405;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface PageFiles {
  /**
   * Answers one request. Only names that were in the folder when it was opened exist: a path is looked up, never
   * joined, so no spelling of `..`, no absolute path and no link that appears later leads out of the folder.
   *
   * @param path of the URL, as it stands in the request (percent-encoded), e.g. `/assets/index.js`
   * @param connect further sources of the policy's `connect-src`
   */
  respond(method: string, path: string, connect?: readonly string[]): Promise<PageResponse>;
}

/**
 * @param folder absolute path of dist/renderer
 * @throws the file system's error when the folder cannot be listed
 */
export async function openPageFiles(folder: string): Promise<PageFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  // Regular files only: a link is not followed out of the folder.
  const files = new Map(
    entries
      .filter((entry) => entry.isFile() && extname(entry.name) in contentTypes)
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(folder.length).replaceAll("\\", "/").replace(/^\/?/, "/"), file] as const),
  );
  return {
    respond: async (method, path, connect = []) => {
      const nonce = freshNonce();
      const headers = securityHeaders(nonce, connect);
      if (method !== "GET" && method !== "HEAD") return plain(405, "Method not allowed.", headers);
      const file = files.get(path === "/" ? "/index.html" : (decoded(path) ?? ""));
      if (file === undefined) return plain(404, "Not found.", headers);
      const html = file.endsWith(".html");
      const content = await readFile(file);
      const body = html ? Buffer.from(content.toString("utf8").replaceAll(noncePlaceholder, nonce)) : content;
      return {
        status: 200,
        headers: {
          ...headers,
          "Content-Type": contentTypes[extname(file)] ?? "application/octet-stream",
          "Content-Length": String(body.length),
          // The page carries a nonce, so it must never come from a cache; the other names change with their contents.
          "Cache-Control": html ? "no-store" : "no-cache",
        },
        body: method === "HEAD" ? new Uint8Array() : body,
      };
    },
  };
}

function plain(status: 404 | 405, text: string, headers: Record<string, string>): PageResponse {
  return { status, headers: { ...headers, "Content-Type": "text/plain; charset=utf-8" }, body: Buffer.from(text) };
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
