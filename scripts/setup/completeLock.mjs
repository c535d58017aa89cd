/**
 * Puts the packages of other platforms into package-lock.json that npm left out (`node scripts/setup/completeLock.mjs`).
 *
 * npm drops an optional dependency from the lock when the registry at hand does not have it, and then `npm ci` refuses
 * that very lock on every machine. An entry with name, version and platform is enough: npm passes over it where the
 * platform is another one, and asks the registry for the rest where it is this one.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * @typedef {Record<string, unknown> & { version?: string, dev?: boolean, optionalDependencies?: Record<string, string> }} Entry
 * @typedef {{ packages: Record<string, Entry> }} Lock
 */

/**
 * Optional dependencies without an entry: where it belongs, what it is called, which version is asked for, whose it is.
 * @param {Lock} lock
 */
export function missingOptional(lock) {
  const missing = [];
  for (const [parent, entry] of Object.entries(lock.packages))
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {}))
      if (!resolves(lock, parent, name)) missing.push({ path: `node_modules/${name}`, name, version, parent });
  return missing;
}

/**
 * As Node looks it up: beside the parent's own dependencies, then one folder higher, and so on.
 * @param {Lock} lock
 * @param {string} parent
 * @param {string} name
 */
function resolves(lock, parent, name) {
  for (let folder = parent; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    if (lock.packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === "") return false;
  }
}

/**
 * `os`, `cpu` and `libc` that a package's name speaks of, e.g. `@biomejs/cli-linux-arm64-musl`.
 * @param {string} name
 */
export function platformOf(name) {
  const words = name.replace(/^@[^/]+\//, "").split(/[-.]/);
  const has = (/** @type {string[]} */ ...candidates) => candidates.some((word) => words.includes(word));
  const os = has("win32", "win", "windows")
    ? "win32"
    : has("darwin", "mac", "macos")
      ? "darwin"
      : words.find((word) =>
          ["linux", "android", "freebsd", "netbsd", "openbsd", "aix", "sunos", "openharmony"].includes(word),
        );
  const cpu = words.find((word) =>
    ["x64", "arm64", "arm", "ia32", "riscv64", "ppc64", "s390x", "loong64", "wasm32"].includes(word),
  );
  if (os === undefined || cpu === undefined) throw new Error(`The platform of ${name} cannot be read from its name.`);
  const libc = has("musl") ? "musl" : has("gnu", "glibc") ? "glibc" : undefined;
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), os: [os] };
}

/**
 * @param {Lock} lock
 * @returns {string[]} what was added
 */
export function completeLock(lock) {
  const missing = missingOptional(lock);
  for (const { path, name, version, parent } of missing) {
    const dev = lock.packages[parent]?.dev === true;
    lock.packages[path] = { version, ...platformOf(name), ...(dev ? { dev } : {}), optional: true };
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(sorted);
  return missing.map(({ path }) => path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "package-lock.json");
  const lock = JSON.parse(readFileSync(path, "utf8"));
  const added = completeLock(lock);
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(added.length === 0 ? "The lock is complete." : `Added:\n  ${added.join("\n  ")}`);
}
