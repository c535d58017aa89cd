/** Is what lies in node_modules what the lock file says? */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean, link?: boolean }} LockEntry */
/** @typedef {{ packages?: Record<string, LockEntry> }} LockFile */

/**
 * The first package that is absent or of another version, as a sentence, or null when all is there. Optional packages
 * (binaries for other platforms) may be absent. Compares versions, not times: a checkout touches every file.
 * @param {LockFile} lock package-lock.json
 * @param {LockFile} installed node_modules/.package-lock.json, which npm writes at the end of every installation
 */
export function staleReason(lock, installed) {
  const present = installed.packages ?? {};
  for (const [path, entry] of Object.entries(lock.packages ?? {})) {
    if (path === "" || entry.link) continue;
    const found = present[path];
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    if (found === undefined) {
      if (entry.optional || entry.devOptional || entry.peer) continue;
      return `${name} is not installed`;
    }
    if (found.version !== entry.version) return `${name} is ${found.version}, the lock says ${entry.version}`;
  }
  return null;
}

/**
 * Why `npm ci` is needed in the folder `root`, or null.
 * @param {string} root
 */
export function installationProblem(root) {
  const marker = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(marker)) return "node_modules is missing";
  return staleReason(readJson(join(root, "package-lock.json")), readJson(marker));
}

/**
 * @param {string} path
 * @returns {LockFile}
 */
function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
