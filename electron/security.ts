/**
 * What the page may do: nothing but show itself and speak through its port. Each rule answers an item of Electron's
 * security list; docs/desktop.md has the table, test/integration/electron/security.test.ts attacks every one.
 */
import type { Session, WebContents, WebPreferences } from "electron";
import type { RecentLog } from "./log.ts";

export const pageScheme = "app";
export const pageHost = "folkmoot";
export const pageUrl = `${pageScheme}://${pageHost}/`;

/** Every line is Electron's own default or stricter; written down so that a change of defaults changes nothing. */
export function webPreferences(preload: string): WebPreferences {
  return {
    preload,
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    // The dictionaries of the spell checker come from the network.
    spellcheck: false,
    // A society that runs for hours is watched in the background too.
    backgroundThrottling: false,
  };
}

/** True for the page's own address and nothing else: `app://folkmoot/…` without user, password or port. */
export function isPageUrl(text: string): boolean {
  const url = parse(text);
  return (
    url !== null &&
    url.protocol === `${pageScheme}:` &&
    url.host === pageHost &&
    url.username === "" &&
    url.password === ""
  );
}

/** What a request of the page may go to: its own files, and bytes that it made itself. */
export function mayRequest(text: string): boolean {
  const url = parse(text);
  if (url === null) return false;
  if (url.protocol === "blob:") return isPageUrl(url.pathname);
  return url.protocol === "data:" || url.protocol === "devtools:" || isPageUrl(text);
}

/** The one permission that a page needs: to put text on the clipboard after a click. */
export function mayBeGranted(permission: string, requestingUrl: string, mainFrame: boolean): boolean {
  return permission === "clipboard-sanitized-write" && mainFrame && isPageUrl(requestingUrl);
}

/** Rules of the session: requests, permissions, devices, downloads. */
export function hardenSession(session: Session, log: RecentLog): void {
  session.webRequest.onBeforeRequest((details, answer) => {
    const cancel = !mayRequest(details.url);
    if (cancel) log.add("security", `refused a request to ${originOf(details.url)}`);
    answer({ cancel });
  });
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    const granted = mayBeGranted(permission, details.requestingUrl, details.isMainFrame);
    if (!granted) log.add("security", `refused the permission ${permission}`);
    answer(granted);
  });
  session.setPermissionCheckHandler((_contents, permission, origin, details) =>
    mayBeGranted(permission, details.requestingUrl ?? origin, details.isMainFrame),
  );
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, answer) => answer({}));
  session.setSpellCheckerEnabled(false);
  session.on("will-download", (event, item) => {
    if (mayRequest(item.getURL())) return;
    log.add("security", `refused a download from ${originOf(item.getURL())}`);
    event.preventDefault();
  });
}

/** Rules of whatever shows content, whoever made it: no way to another place, no second window, no embedded view. */
export function hardenContents(contents: WebContents, log: RecentLog): void {
  const stay = (event: { preventDefault(): void; readonly url: string }) => {
    if (isPageUrl(event.url)) return;
    log.add("security", `refused to go to ${originOf(event.url)}`);
    event.preventDefault();
  };
  contents.on("will-navigate", stay);
  contents.on("will-frame-navigate", stay);
  contents.on("will-redirect", stay);
  contents.setWindowOpenHandler(({ url }) => {
    log.add("security", `refused a window for ${originOf(url)}`);
    return { action: "deny" };
  });
  contents.on("will-attach-webview", (event) => {
    log.add("security", "refused an embedded view");
    event.preventDefault();
  });
}

/** Switches that keep Chromium itself off the network; before the app is ready. */
export const offlineSwitches: readonly (readonly [name: string, value?: string])[] = [
  ["disable-background-networking"],
  ["disable-component-update"],
  ["disable-domain-reliability"],
  // Chromium's own requests need a name, and no name resolves. The hosts are Node's and not touched by this.
  ["host-resolver-rules", "MAP * ~NOTFOUND"],
];

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** Enough to find the cause, without what may be private in path and query. */
function originOf(text: string): string {
  const url = parse(text);
  return url === null ? "an address that cannot be read" : `${url.protocol}//${url.host}`;
}
