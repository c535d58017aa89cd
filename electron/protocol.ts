/** `app://folkmoot/`: the built page from disk, under its security headers, and nothing else. */
import { type CustomScheme, protocol, type Session } from "electron";
import type { PageFiles } from "../core/page/pageFiles.ts";
import type { RecentLog } from "./log.ts";
import { isPageUrl, pageScheme } from "./security.ts";

const scheme: CustomScheme = {
  scheme: pageScheme,
  // A standard scheme has an origin, a secure one counts as a secure context; no further privilege is given.
  privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
};

/** Before the app is ready. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([scheme]);
}

/** Serves the page to `session` and refuses every `file:` address there. */
export function servePage(session: Session, pages: PageFiles, log: RecentLog): void {
  session.protocol.handle(pageScheme, async (request) => {
    const known = isPageUrl(request.url);
    const answer = await pages.respond(request.method, known ? new URL(request.url).pathname : "");
    if (answer.status !== 200) log.add("protocol", `${answer.status} for a request of the page`);
    return new Response(new Uint8Array(answer.body), { status: answer.status, headers: answer.headers });
  });
  session.protocol.handle("file", () => new Response("Refused.", { status: 403 }));
}
