/**
 * How the page gets its line to the workbench when it lives in the desktop window.
 *
 * A sandboxed preload exposes one frozen object, `window.folkmoot`. Electron's context bridge copies every value that
 * crosses it, and a copied MessagePort is an empty object; so the port itself travels by `window.postMessage`, which
 * does transfer it between the two worlds, and the bridge only announces the token that the message will carry.
 */

/** What the preload exposes as `window.folkmoot`; absent in a browser. */
export interface DesktopBridge {
  /** `process.platform` of the machine: `linux`, `darwin`, `win32`. */
  readonly platform: string;
  /**
   * Asks for a line to the workbench. `announce` is called once per line, just before the window receives a message
   * whose data is `{ folkmootPort: token }` and whose only port is that line. See `receivePort`.
   */
  onPort(announce: (token: string) => void): void;
  /** Where a file lies that a person dropped; null for one that a script made, and for anything else. */
  pathOf(file: unknown): string | null;
}

interface PortMessage<Port> {
  readonly source: unknown;
  readonly data: unknown;
  readonly ports: readonly Port[];
}

/** The few things of a window that this needs; any `Window` fits, with the DOM's `MessagePort` as `Port`. */
export interface PortWindow<Port> {
  readonly folkmoot?: DesktopBridge;
  addEventListener(type: "message", listener: (event: PortMessage<Port>) => void): void;
  removeEventListener(type: "message", listener: (event: PortMessage<Port>) => void): void;
}

/**
 * Calls `use` with every line that the desktop hands over: one now, and another whenever the old one broke.
 * Messages from other windows, or with a token that was not announced, are ignored.
 *
 * @returns a function that stops listening; null in a browser, where there is no desktop
 */
export function receivePort<Port>(window: PortWindow<Port>, use: (port: Port) => void): (() => void) | null {
  const bridge = window.folkmoot;
  if (bridge === undefined) return null;
  const announced = new Set<string>();
  const listen = ({ source, data, ports: [port] }: PortMessage<Port>) => {
    if (source !== window || port === undefined || !announced.delete(tokenOf(data) ?? "")) return;
    use(port);
  };
  window.addEventListener("message", listen);
  bridge.onPort((token) => announced.add(token));
  return () => window.removeEventListener("message", listen);
}

function tokenOf(data: unknown): string | null {
  if (typeof data !== "object" || data === null) return null;
  const token = (data as { folkmootPort?: unknown }).folkmootPort;
  return typeof token === "string" ? token : null;
}
