/** Writes resources/demo from the grammar: `npm run make:demo-data`. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { demoData, demoSeed } from "./village/demoData.ts";

const folder = join(import.meta.dirname, "..", "resources", "demo");
await mkdir(folder, { recursive: true });
for (const [name, content] of demoData(demoSeed)) await writeFile(join(folder, name), content);
