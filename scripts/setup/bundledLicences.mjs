/** The licences of what is bundled into the page, as one file beside it: whoever passes the page on passes them on. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Folder of the innermost package that a module lies in; no match for our own. */
const packageFolder = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/;

/**
 * A plugin of Vite that writes `licences.txt`.
 * @returns {import("vite").Plugin}
 */
export function bundledLicences() {
  return {
    name: "bundled-licences",
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
      const folders = new Set(modules.flatMap((id) => packageFolder.exec(id)?.[0].replace(/^\0/, "") ?? []));
      const source = [...folders]
        .map(licenceOf)
        .sort()
        .join(`\n${"-".repeat(80)}\n\n`);
      this.emitFile({ type: "asset", fileName: "licences.txt", source });
    },
  };
}

/** @param {string} folder */
function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const words = file === undefined ? "" : `\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  return `${name} ${version}, ${license}\n${words}`;
}
