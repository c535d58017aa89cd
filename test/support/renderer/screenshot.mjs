/** `node test/support/renderer/screenshot.mjs OUT [hash[?query]] [width] [height] [theme]`: one picture of the harness. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";

const [out = "shot.png", place = "home", width = "1440", height = "900", theme = "dark", ...keys] =
  process.argv.slice(2);
const root = process.env.HARNESS_OUT ?? "dist/harness";
/** @type {Record<string, string>} */
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-n'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'; require-trusted-types-for 'script'";
const server = createServer(async (request, response) => {
  const path = new URL(request.url ?? "/", "http://x").pathname;
  try {
    let body = await readFile(join(root, normalize(path === "/" ? "/index.html" : path)));
    if (path === "/")
      body = Buffer.from(body.toString().replace("<head>", '<head><meta property="csp-nonce" nonce="n">'));
    response.writeHead(200, {
      "content-type": types[extname(path === "/" ? ".html" : path)] ?? "application/json",
      ...(path === "/" ? { "content-type": "text/html", "content-security-policy": policy } : {}),
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const address = server.address();
if (address === null || typeof address === "string") throw new Error("no port");
const [hash, query = ""] = place.split("?");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  const page = await browser.newPage({ viewport: { width: Number(width), height: Number(height) } });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) console.error(`[${message.type()}] ${message.text()}`);
  });
  page.on("pageerror", (error) => console.error(error.stack));
  await page.goto(`http://127.0.0.1:${address.port}/?theme=${theme}&${query}#/${hash}`);
  await page.waitForTimeout(1500);
  for (const key of keys) {
    if (key.startsWith("click:")) await page.getByText(key.slice(6), { exact: false }).first().click();
    else if (key.startsWith("button:"))
      await page
        .getByRole("button", { name: key.slice(7) })
        .first()
        .click();
    else if (key.startsWith("type:")) await page.keyboard.type(key.slice(5));
    else if (key.startsWith("at:")) {
      const [x = 0, y = 0] = key.slice(3).split(",").map(Number);
      await page.mouse.move(x, y);
    } else await page.keyboard.press(key);
    await page.waitForTimeout(400);
  }
  await page.screenshot({ path: out });
} finally {
  await browser.close();
  server.close();
}
