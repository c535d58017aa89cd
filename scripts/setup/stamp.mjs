/** Content stamps: what was built last, and from what. Contents rather than times, because git sets times as it likes. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/**
 * SHA-256 over names and contents of all files under `paths` (files or folders, sorted), and over `facts`.
 * @param {string} root folder that names are relative to
 * @param {string[]} paths relative to `root`
 * @param {{ skip?: string[], facts?: string[] }} [options] `skip`: relative folders that are left out
 */
export function fingerprint(root, paths, { skip = [], facts = [] } = {}) {
  const hash = createHash("sha256");
  for (const fact of facts) hash.update(`fact ${fact}\n`);
  for (const file of paths.flatMap((path) => filesUnder(root, path, skip)).sort()) {
    hash.update(`file ${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

/**
 * @param {string} root
 * @param {string} path
 * @param {string[]} skip
 * @returns {string[]} with forward slashes
 */
function filesUnder(root, path, skip) {
  const absolute = join(root, path);
  const name = relative(root, absolute).split(sep).join("/");
  if (skip.includes(name) || !existsSync(absolute)) return [];
  if (!statSync(absolute).isDirectory()) return [name];
  return readdirSync(absolute).flatMap((entry) => filesUnder(root, join(path, entry), skip));
}

/**
 * @param {string} stampPath
 * @param {string} value
 */
export function stampIs(stampPath, value) {
  return existsSync(stampPath) && readFileSync(stampPath, "utf8").trim() === value;
}

/**
 * @param {string} stampPath
 * @param {string} value
 */
export function writeStamp(stampPath, value) {
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, `${value}\n`);
}
