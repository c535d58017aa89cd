/**
 * `npm run make:icons`: the program's icons from their two drawings, by the Chromium that the tests find.
 *
 *   resources/icons/icon.svg       from 48 px: people in a circle
 *   renderer/public/icon.svg       below: nodes in a circle; also the page's own icon
 *
 * Writes resources/icons/<n>x<n>.png (Linux), icon.ico (Windows), icon.icns (macOS) and renderer/public/icon.png (window).
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { launchBrowser } from "./window/browser.ts";
import { icns, ico } from "./window/iconFiles.ts";

const sizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024] as const;
/** Least size at which a figure still is one, px. */
const figuresFrom = 48;

const root = join(import.meta.dirname, "..");
const icons = join(root, "resources", "icons");
const page = join(root, "renderer", "public");
const [figures, nodes] = await Promise.all([
  readFile(join(icons, "icon.svg"), "utf8"),
  readFile(join(page, "icon.svg"), "utf8"),
]);

const pictures = new Map<number, Buffer>();
const browser = await launchBrowser();
try {
  const sheet = await browser.newPage();
  for (const size of sizes) {
    await sheet.setViewportSize({ width: size, height: size });
    await sheet.setContent(
      `<style>html,body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${size < figuresFrom ? nodes : figures}`,
    );
    pictures.set(size, await sheet.screenshot({ omitBackground: true }));
  }
} finally {
  await browser.close();
}
const picture = (size: (typeof sizes)[number]) => pictures.get(size) as Buffer;
for (const size of sizes) await writeFile(join(icons, `${size}x${size}.png`), picture(size));
await writeFile(
  join(icons, "icon.ico"),
  ico([16, 24, 32, 48, 64, 128, 256].map((size) => ({ size, png: pictures.get(size) as Buffer }))),
);
await writeFile(
  join(icons, "icon.icns"),
  icns([16, 32, 64, 128, 256, 512, 1024].map((size) => ({ size, png: pictures.get(size) as Buffer }))),
);
await writeFile(join(page, "icon.png"), picture(256));
