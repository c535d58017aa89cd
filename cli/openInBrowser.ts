/** Starts the system's default browser. */
import { spawn } from "node:child_process";

/** False when there is none that could be started, for example on a machine without a screen. */
export function openInBrowser(url: string): Promise<boolean> {
  const [command, ...args] = opener(process.platform, url);
  if (command === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "ignore", detached: true });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}

function opener(platform: NodeJS.Platform, url: string): string[] {
  if (platform === "darwin") return ["open", url];
  // `start` would read the address as a command line; this takes it as one argument.
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler", url];
  const hasScreen = process.env.DISPLAY !== undefined || process.env.WAYLAND_DISPLAY !== undefined;
  return hasScreen ? ["xdg-open", url] : [];
}
