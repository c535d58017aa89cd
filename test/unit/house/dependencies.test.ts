import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dependencyViolations, importsOf, type SourceFile } from "../../support/dependencyRules.ts";

const root = join(import.meta.dirname, "..", "..", "..");

function sources(): SourceFile[] {
  return ["core", "cli", "electron", "renderer"].flatMap((folder) => {
    try {
      return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => /\.[cm]?tsx?$/.test(name))
        .map((name) => {
          const path = `${folder}/${name.replaceAll("\\", "/")}`;
          return { path, text: readFileSync(join(root, path), "utf8") };
        });
    } catch {
      return []; // a face that does not exist yet
    }
  });
}

describe("dependency direction", () => {
  it("holds in the whole source", () => {
    const files = sources();
    expect(files.length).toBeGreaterThan(10);
    expect(files.flatMap(importsOf).length).toBeGreaterThan(files.length / 2);
    expect(dependencyViolations(files)).toEqual([]);
  });

  it.each([
    ["core/host/x.ts", `import { app } from "electron";`],
    ["core/host/x.ts", `const { app } = await import("electron/main");`],
    ["core/models/x.ts", `import "../../cli/output/table.ts";`],
    ["core/contract/x.ts", `import { readFileSync } from "node:fs";`],
    ["core/contract/x.ts", `export * from "../random.ts";`],
    ["renderer/app/x.tsx", `import { randomStream } from "../../core/random.ts";`],
    ["renderer/x.tsx", `import fs from "node:fs";`],
    ["renderer/x.tsx", `const { ipcRenderer } = require("electron")`],
    ["cli/x.ts", `import { menu } from "../electron/menu.ts";`],
    ["core/society/x.ts", `import { getLlama } from "node-llama-cpp";`],
    ["core/society/x.ts", `import type { LlamaEngine } from '../models/llama/engine.ts';`],
    ["core/society/x.ts", `import { buildData } from "../alignment/buildData.ts";`],
    ["core/alignment/x.ts", `import {\n  runSociety,\n} from "../society/runSociety.ts";`],
  ])("catches a planted violation: %s with %s", (path, text) => {
    const violations = dependencyViolations([{ path, text }]);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain("docs/architecture.md");
    expect(violations[0]).toContain(path);
  });

  it.each([
    ["renderer/x.tsx", `import type { JobEvent } from "../core/contract/events.ts";`],
    ["core/society/x.ts", `import type { LanguageModel } from "../models/languageModel.ts";`],
    ["core/alignment/x.ts", `import { revisionPrompt } from "../society/prompts.ts";`],
    ["core/society/x.ts", `// import { getLlama } from "node-llama-cpp"; would be wrong here`],
  ])("allows what is meant: %s with %s", (path, text) => {
    expect(dependencyViolations([{ path, text }])).toEqual([]);
  });
});
