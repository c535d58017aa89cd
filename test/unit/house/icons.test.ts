/** The icons are made by `npm run make:icons` and kept in the repository. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { icns, ico } from "../../../scripts/window/iconFiles.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const icons = join(root, "resources", "icons");
const png = (size: number) => readFile(join(icons, `${size}x${size}.png`));

/** Width, height and whether there is transparency, out of the header (RFC 2083, IHDR). */
function headerOf(bytes: Buffer) {
  expect(bytes.subarray(1, 4).toString("latin1")).toBe("PNG");
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), alpha: bytes.readUInt8(25) === 6 };
}

describe("the icons", () => {
  it("are there in every size that a desktop asks for, with the ground left transparent", async () => {
    const sizes = (await readdir(icons)).flatMap((name) => /^(\d+)x\1\.png$/.exec(name)?.[1] ?? []).map(Number);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([16, 24, 32, 48, 64, 128, 256, 512, 1024]);
    for (const size of sizes) expect(headerOf(await png(size))).toEqual({ width: size, height: size, alpha: true });
  });

  it("of Windows, macOS and the window hold these very pictures", async () => {
    const file = await readFile(join(icons, "icon.ico"));
    const count = file.readUInt16LE(4);
    expect(count).toBe(7);
    for (let index = 0; index < count; index++) {
      const entry = 6 + 16 * index;
      const [length, offset] = [file.readUInt32LE(entry + 8), file.readUInt32LE(entry + 12)];
      const size = file.readUInt8(entry) || 256;
      expect(file.subarray(offset, offset + length).equals(await png(size)), `${size} px in icon.ico`).toBe(true);
    }
    const bundle = await readFile(join(icons, "icon.icns"));
    expect(bundle.readUInt32BE(4)).toBe(bundle.length);
    expect(bundle.includes(await png(1024)) && bundle.includes(await png(16))).toBe(true);
    expect((await readFile(join(root, "renderer", "public", "icon.png"))).equals(await png(256))).toBe(true);
  });

  it("write the containers as the systems read them", () => {
    const picture = { size: 256, png: Buffer.from("picture") };
    const windows = ico([{ size: 16, png: Buffer.from("ab") }, picture]);
    expect([...windows.subarray(0, 8)]).toEqual([0, 0, 1, 0, 2, 0, 16, 16]);
    // 256 does not fit into a byte and is written as 0.
    expect([windows.readUInt8(22), windows.readUInt32LE(22 + 8)]).toEqual([0, 7]);
    expect(windows.subarray(windows.readUInt32LE(22 + 12)).toString()).toBe("picture");
    const apple = icns([picture]);
    expect(apple.subarray(0, 4).toString("latin1")).toBe("icns");
    expect(apple.subarray(8, 12).toString("latin1")).toBe("ic08");
    expect(apple.readUInt32BE(12)).toBe(8 + 7);
  });
});
