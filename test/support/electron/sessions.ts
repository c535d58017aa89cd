/** `session` and `protocol`: who answers a request, what is refused, which permission is given. */
import { EventEmitter } from "node:events";

interface RequestDetails {
  readonly id: number;
  readonly url: string;
  readonly method: string;
  readonly resourceType: string;
}

type BeforeRequest = (details: RequestDetails, answer: (response: { cancel?: boolean }) => void) => void;
type PermissionDetails = { requestingUrl: string; isMainFrame: boolean };

/** Electron's names of permissions, with Chromium's descriptors of what each covers. */
export const permissionNames: Readonly<
  Record<string, readonly { name: string; allowWithoutSanitization?: boolean }[]>
> = {
  geolocation: [{ name: "geolocation" }],
  notifications: [{ name: "notifications" }],
  media: [{ name: "camera" }, { name: "microphone" }],
  "clipboard-read": [{ name: "clipboard-read" }],
  "clipboard-sanitized-write": [{ name: "clipboard-write" }],
  midi: [{ name: "midi" }],
  "idle-detection": [{ name: "idle-detection" }],
  "window-management": [{ name: "window-management" }],
  "persistent-storage": [{ name: "persistent-storage" }],
};

export class Session extends EventEmitter {
  private readonly handlers = new Map<string, (request: Request) => Response | Promise<Response>>();
  private beforeRequest: BeforeRequest | null = null;
  private permissionHandler:
    | ((contents: unknown, permission: string, answer: (granted: boolean) => void, details: PermissionDetails) => void)
    | null = null;
  private requests = 0;

  readonly protocol = {
    handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>) => {
      if (this.handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`);
      this.handlers.set(scheme, handler);
    },
  };

  readonly webRequest = {
    onBeforeRequest: (listener: BeforeRequest | null) => {
      this.beforeRequest = listener;
    },
  };

  setPermissionRequestHandler(handler: typeof this.permissionHandler): void {
    this.permissionHandler = handler;
  }

  setPermissionCheckHandler(): void {}
  setDevicePermissionHandler(): void {}
  setDisplayMediaRequestHandler(): void {}
  setSpellCheckerEnabled(): void {}

  /** Of the stand-in: true when a listener cancels the request. */
  async refuses(url: string, method: string, resourceType: string): Promise<boolean> {
    const listener = this.beforeRequest;
    if (listener === null) return false;
    const details = { id: this.requests++, url, method, resourceType };
    return new Promise((resolve) => listener(details, ({ cancel }) => resolve(cancel === true)));
  }

  /** Of the stand-in: the answer of the scheme's handler; null when there is none. */
  async answer(url: string, method: string): Promise<Response | null> {
    const handler = this.handlers.get(new URL(url).protocol.slice(0, -1));
    return handler === undefined ? null : handler(new Request(url, { method }));
  }

  /** Of the stand-in: without a handler Electron grants everything. */
  async grants(permission: string, requestingUrl: string): Promise<boolean> {
    const handler = this.permissionHandler;
    if (handler === null) return true;
    return new Promise((resolve) => handler(null, permission, resolve, { requestingUrl, isMainFrame: true }));
  }
}

const partitions = new Map<string, Session>();

export const session = {
  defaultSession: new Session(),
  fromPartition: (partition: string): Session => {
    const known = partitions.get(partition) ?? new Session();
    partitions.set(partition, known);
    return known;
  },
};

/** Schemes that were registered before the app was ready; the page of any other does not load as an origin. */
export const privilegedSchemes = new Set<string>();

export const protocol = {
  registerSchemesAsPrivileged: (schemes: { scheme: string; privileges?: { standard?: boolean } }[]) => {
    for (const { scheme, privileges } of schemes) if (privileges?.standard) privilegedSchemes.add(scheme);
  },
  handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>) =>
    session.defaultSession.protocol.handle(scheme, handler),
};
