/** A folder that packs like Electron's own distribution for Linux: the files that electron-builder touches, no program. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** What Electron's binary carries in front of its fuses, one byte version, one byte number of fuses. */
const sentinel = "dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX";
/** Fuses of Electron 45 in their order, all on. */
const fuses = 9;

export function fakeDistribution(folder: string): string {
  const { version } = createRequire(import.meta.url)("electron/package.json") as { version: string };
  mkdirSync(join(folder, "resources"), { recursive: true });
  const wire = Buffer.concat([Buffer.from(sentinel), Buffer.from([1, fuses]), Buffer.from("1".repeat(fuses))]);
  writeFileSync(join(folder, "electron"), Buffer.concat([Buffer.from("#!/bin/sh\n"), wire]), { mode: 0o755 });
  for (const name of ["LICENSE", "LICENSES.chromium.html", "chrome-sandbox"]) writeFileSync(join(folder, name), "");
  writeFileSync(join(folder, "version"), version);
  return folder;
}

/** One character per fuse, `1` = on, in Electron's order. */
export function fusesOf(binary: Buffer): string {
  const at = binary.indexOf(sentinel) + sentinel.length;
  const count = binary[at + 1] ?? 0;
  return binary.subarray(at + 2, at + 2 + count).toString("latin1");
}
