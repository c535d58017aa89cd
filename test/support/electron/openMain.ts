/** A main without any of the protections, for the specs that hold the attacks to their word. */
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { app, BrowserWindow, protocol } from "electron";

const types: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

protocol.registerSchemesAsPrivileged([
  { scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true } },
]);
void app.whenReady().then(() => {
  protocol.handle("app", async (request) => {
    const { pathname } = new URL(request.url);
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    const file = await readFile(join(process.env.FIXTURE_PAGE ?? "", name)).catch(() => null);
    if (file === null) return new Response("", { status: 404 });
    return new Response(new Uint8Array(file), { headers: { "Content-Type": types[extname(name)] ?? "text/plain" } });
  });
  void new BrowserWindow().loadURL("app://folkmoot/");
});
