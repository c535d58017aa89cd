import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { extractAll, extractFile, listPackage, statFile } from "@electron/asar";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveProcess } from "../../../scripts/window/serveProcess.ts";
import { chromiumPath } from "../../support/chromium.ts";
import { importsOf } from "../../support/dependencyRules.ts";
import { eventually, launchDesktop } from "../../support/electron/desktop.ts";
import { fakeDistribution, fusesOf } from "../../support/electron/fakeDistribution.ts";
import { userDataFolder } from "../../support/electron/launchFixture.ts";
import { adapterFile, caseFile, f32Model } from "../models/fixtures.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const built = ["dist/electron/main.js", "dist/renderer/index.html", "native/build/folkmoot.node"];

/** `npm test` builds first; a bare vitest may find nothing to pack. Elsewhere than on Linux the layout differs. */
const packs = process.platform === "linux" && built.every((file) => existsSync(join(root, file)));

describe.skipIf(!packs)("the package", () => {
  const folder = userDataFolder();
  const unpacked = join(
    folder.path,
    "packages",
    process.arch === "x64" ? "linux-unpacked" : `linux-${process.arch}-unpacked`,
  );
  const resources = join(unpacked, "resources");
  const archive = join(resources, "app.asar");
  let files: { name: string; unpacked: boolean }[];

  beforeAll(() => {
    const builder = join(root, "node_modules", "electron-builder", "cli.js");
    const distribution = fakeDistribution(join(folder.path, "distribution"));
    const options = [`-c.electronDist=${distribution}`, `-c.directories.output=${join(folder.path, "packages")}`];
    const child = spawnSync(process.execPath, [builder, "--dir", "--linux", "--publish", "never", ...options], {
      cwd: root,
      encoding: "utf8",
    });
    if (child.status !== 0)
      throw new Error(`${child.error ?? child.signal ?? child.status}\n${child.stdout}${child.stderr}`);
    files = listPackage(archive, { isPack: false })
      .map((path) => path.replace(/^[\\/]/, ""))
      .map((name) => ({ name, entry: statFile(archive, name) }))
      .filter(({ entry }) => !("files" in entry))
      .map(({ name, entry }) => ({ name, unpacked: "unpacked" in entry && entry.unpacked === true }));
  }, 120_000);
  afterAll(() => folder[Symbol.dispose]());

  it("has its fuses as the program needs them, the rest hardened", () => {
    expect(fusesOf(readFileSync(join(unpacked, "folkmoot")))).toMatch(
      // runAsNode, cookies encrypted, no NODE_OPTIONS, no inspector, integrity, only the archive, -, no file: privileges
      /^1100111?\d0/,
    );
  });

  it("holds this platform's libraries and no other's", () => {
    const variants = files.flatMap(({ name }) => /^node_modules\/@node-llama-cpp\/([^/]+)\//.exec(name)?.[1] ?? []);
    expect(new Set(variants)).toContain(`linux-${process.arch}`);
    for (const variant of new Set(variants))
      expect(variant).toMatch(new RegExp(`^linux-${process.arch}(-vulkan|-cuda)?$`));
  });

  it("keeps outside the archive what the system loads by itself", () => {
    const native = files.filter(({ name }) => /\.(node|so|dylib|dll|gguf)(\.|$)/.test(name));
    expect(native.map(({ name }) => name)).toContain("native/build/folkmoot.node");
    expect(native.filter((file) => !file.unpacked)).toEqual([]);
    for (const { name, unpacked } of files.filter((file) => file.unpacked))
      expect([unpacked, existsSync(join(resources, "app.asar.unpacked", name))]).toEqual([true, true]);
  });

  it("leaves out sources, tests, maps, what builds, and what only the page's bundle needs", () => {
    const names = files.map(({ name }) => name);
    const own = names.filter((name) => !name.startsWith("node_modules/"));
    expect(own.filter((name) => !/^(dist\/|native\/build\/folkmoot\.node$|package\.json$)/.test(name))).toEqual([]);
    expect(names.filter((name) => /\.map$|\.d\.[cm]?ts$|gitRelease\.bundle/.test(name))).toEqual([]);
    const packages = new Set(names.flatMap((name) => /^node_modules\/((@[^/]+\/)?[^/]+)\//.exec(name)?.[1] ?? []));
    for (const absent of [
      "electron",
      "electron-builder",
      "typescript",
      "vitest",
      "playwright-core",
      "react",
      "react-dom",
      "clsx",
      "aria-hidden",
      "node",
      "cmake-js",
      "node-addon-api",
      "node-api-headers",
      "@reflink/reflink",
    ])
      expect(packages).not.toContain(absent);
  });

  it("holds every package that main and its processes import", () => {
    const packages = new Set(files.flatMap(({ name }) => /^node_modules\/((@[^/]+\/)?[^/]+)\//.exec(name)?.[1] ?? []));
    const known = new Set([...builtinModules, "electron"]);
    const imported = files
      .map(({ name }) => name)
      .filter((name) => /^dist\/(core|cli|electron)\/.*\.c?js$/.test(name))
      .flatMap((path) => importsOf({ path, text: readFileSync(join(root, path), "utf8") }))
      .filter((target) => !/^(dist\/|node:|\.|data:)/.test(target))
      .map((target) =>
        target
          .split("/")
          .slice(0, target.startsWith("@") ? 2 : 1)
          .join("/"),
      )
      .filter((name) => /^[@\w]/.test(name) && !known.has(name) && !name.startsWith("@node-llama-cpp"));
    expect(imported).toContain("node-llama-cpp");
    expect([...new Set(imported)].filter((name) => !packages.has(name))).toEqual([]);
  });

  it("passes on the licences of what it holds, of the packages and of what is bundled into the page", () => {
    const names = new Set(files.map(({ name }) => name));
    const packages = new Set(
      [...names].flatMap((name) => /^(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(name)?.[1] ?? []),
    );
    const without = [...packages].filter((folder) => {
      const licences = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|copying)/i.test(file));
      return licences.length > 0 && !licences.some((file) => names.has(`${folder}/${file}`));
    });
    expect(without).toEqual([]);
    const bundled = extractFile(archive, "dist/renderer/licences.txt").toString();
    for (const name of ["react ", "react-aria-components ", "uplot ", "lucide-react "])
      expect(bundled).toContain(`\n${name}`);
  });

  it("finds its demo, templates and licence beside the archive", () => {
    for (const name of ["resources/demo/experiment.json", "resources/templates/alpaca.json", "LICENSE.txt"])
      expect(existsSync(join(resources, name))).toBe(true);
  });

  describe("taken out of the archive, works by itself:", () => {
    const app = join(folder.path, "taken", "app");

    beforeAll(() => {
      mkdirSync(app, { recursive: true });
      extractAll(archive, app);
      cpSync(join(resources, "resources"), join(app, "resources"), { recursive: true });
    });

    it("the trainer's addon loads with the libraries that are in the package", () => {
      const options = ["--model", f32Model, "--adapter", adapterFile, "--case", caseFile, "--mode", "sft", "--json"];
      const child = spawnSync(process.execPath, [join(app, "dist", "cli", "main.js"), "gradcheck", ...options], {
        encoding: "utf8",
      });
      expect(child.stderr).toBe("");
      expect(JSON.parse(child.stdout)).toMatchObject({ loss: expect.any(Number), gradNorm: expect.any(Number) });
    });

    it("a society speaks, with the runtime and the demo's model that are in the package", () => {
      const questions = join(folder.path, "questions.txt");
      writeFileSync(questions, "May I keep the purse that I found?\nWho should carry the table?\n");
      const out = join(folder.path, "society");
      const model = join(app, "resources", "models", "village-q8_0.gguf");
      const options = ["--model", model, "--questions", questions, "--grid", "2x2", "--peers", "2", "--rounds", "1"];
      const child = spawnSync(
        process.execPath,
        [join(app, "dist", "cli", "main.js"), "society", "run", ...options, "--out", out, "--json"],
        { encoding: "utf8" },
      );
      expect(child.status, child.stderr).toBe(0);
      const records = readFileSync(join(out, "interactions.jsonl"), "utf8").trim().split("\n");
      expect(records).toHaveLength(4);
      expect(records.every((line) => JSON.parse(line).draft.length > 0)).toBe(true);
    });

    it("serves its page to a browser, with its picture", async () => {
      await using serve = await serveProcess(join(folder.path, "served"), {}, join(app, "dist", "cli", "main.js"));
      for (const [path, type] of [
        ["/", "text/html; charset=utf-8"],
        ["/icon.svg", "image/svg+xml"],
        ["/icon.png", "image/png"],
      ] as const) {
        const answer = await fetch(new URL(path + new URL(serve.url).search, serve.url));
        expect([answer.status, answer.headers.get("content-type")], path).toEqual([200, type]);
      }
    });

    it.skipIf(chromiumPath === null)(
      "the window opens on its own page, without a violation of the policy",
      async () => {
        await using desktop = await launchDesktop({
          entry: join(app, "dist", "electron", "main.js"),
          userData: join(folder.path, "data"),
          env: { FOLKMOOT_WORKSPACE: join(folder.path, "workspace") },
        });
        const page = await desktop.page();
        const complaints: string[] = [];
        page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
        page.on("pageerror", (error) => complaints.push(error.message));
        await page.reload();
        await page.getByRole("heading", { name: "Home", level: 1 }).waitFor();
        await page.getByRole("button", { name: "Run the demo experiment" }).waitFor();
        await eventually(async () =>
          (await page.locator("body").textContent())?.includes(join(folder.path, "workspace")),
        );
        expect(complaints).toEqual([]);
      },
    );
  });
});
