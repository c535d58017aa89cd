import { access, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Annotations } from "../../../core/workspace/annotations.ts";
import { daysInTrash, listTrash, moveToTrash, purgeTrash, restoreFromTrash } from "../../../core/workspace/trash.ts";
import { WorkspaceFolder } from "../../../core/workspace/workspaceFolder.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

describe("workspace folder", () => {
  it("keeps what was set, and refuses a second program", async () => {
    const folder = await temporaryFolder();
    {
      await using workspace = await WorkspaceFolder.open(folder);
      await workspace.update(({ models }) => void models.push({ path: "/m.gguf", added: 7 }));
      await expect(WorkspaceFolder.open(folder)).rejects.toMatchObject({ code: "workspace-locked" });
    }
    await using workspace = await WorkspaceFolder.open(folder);
    expect(workspace.content.models).toEqual([{ path: "/m.gguf", added: 7 }]);
  });

  it("many changes at once all arrive, none half", async () => {
    const folder = await temporaryFolder();
    {
      await using workspace = await WorkspaceFolder.open(folder);
      await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          workspace.update(({ models }) => void models.push({ path: `/${i}`, added: i })),
        ),
      );
    }
    const onDisk = JSON.parse(await readFile(join(folder, "workspace.json"), "utf8"));
    expect(onDisk.models.map(({ added }: { added: number }) => added)).toEqual([...Array(30).keys()]);
    expect((await readdir(folder)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("leaves a newer one alone, and sets a damaged file aside instead of overwriting it", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "workspace.json");
    await writeFile(file, JSON.stringify({ version: 2, secret: "kept" }));
    await expect(WorkspaceFolder.open(folder)).rejects.toMatchObject({ code: "workspace-newer" });
    expect(await readFile(file, "utf8")).toContain("kept");
    await writeFile(file, '{"version": 1, "models": [{"pa');
    await using workspace = await WorkspaceFolder.open(folder);
    expect(workspace.content.models).toEqual([]);
    expect(await readFile(workspace.setAside ?? "", "utf8")).toContain('"pa');
  });
});

describe("trash", () => {
  it("gives back what was removed, exactly where it stood; refuses when something else stands there", async () => {
    const folder = await temporaryFolder();
    const [trash, run] = [join(folder, "trash"), join(folder, "runs", "a")];
    await mkdir(trash);
    await mkdir(run, { recursive: true });
    await writeFile(join(run, "interactions.jsonl"), "one\n");
    const before = (await stat(join(run, "interactions.jsonl"))).mtimeMs;
    const id = await moveToTrash(trash, [run], "Run a was removed.", 5);
    expect(await exists(run)).toBe(false);
    await mkdir(run);
    await expect(restoreFromTrash(trash, id)).rejects.toMatchObject({ code: "run-mismatch" });
    expect((await listTrash(trash)).map(({ message }) => message)).toEqual(["Run a was removed."]);
    const { rm } = await import("node:fs/promises");
    await rm(run, { recursive: true });
    await restoreFromTrash(trash, id);
    expect(await readFile(join(run, "interactions.jsonl"), "utf8")).toBe("one\n");
    expect((await stat(join(run, "interactions.jsonl"))).mtimeMs).toBe(before);
    await expect(restoreFromTrash(trash, id)).rejects.toMatchObject({ code: "run-not-found" });
    await expect(restoreFromTrash(trash, "../runs")).rejects.toMatchObject({ code: "run-not-found" });
  });

  it("is emptied of what is old, and of nothing else", async () => {
    const folder = await temporaryFolder();
    const trash = join(folder, "trash");
    await mkdir(trash);
    for (const name of ["old", "new"]) await writeFile(join(folder, name), name);
    const day = 24 * 60 * 60 * 1000;
    await moveToTrash(trash, [join(folder, "old")], "old", 0);
    await moveToTrash(trash, [join(folder, "new")], "new", 2 * day);
    await purgeTrash(trash, (daysInTrash + 1) * day);
    expect((await listTrash(trash)).map(({ message }) => message)).toEqual(["new"]);
  });
});

describe("annotations", () => {
  it("outlive the program; taking one change back leaves those that came after it", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "annotations.jsonl");
    const [a, b] = [
      { run: "r", id: "r1-a1" },
      { run: "r", id: "r1-a2" },
    ];
    {
      await using annotations = await Annotations.open(path);
      await annotations.change("1", [a, b], { kind: "exclude", excluded: true }, 1);
      await annotations.change("2", [a], { kind: "tag", tag: "odd", present: true }, 2);
      await annotations.change("3", [a], { kind: "rating", which: "after", rating: 2 }, 3);
      await annotations.change("4", [a], { kind: "answer", text: "Better." }, 4);
      expect(await annotations.takeBack("1", 5)).toEqual([a, b]);
      expect(await annotations.takeBack("1", 6)).toEqual([]);
    }
    await using annotations = await Annotations.open(path);
    expect(annotations.state(a)).toEqual({
      excluded: false,
      tags: ["odd"],
      note: null,
      ratings: { before: null, after: 2 },
      answer: "Better.",
    });
    expect(annotations.state(b).excluded).toBe(false);
    await annotations.takeBack("3", 7);
    expect(annotations.state(a).ratings.after).toBeNull();
    expect((await readFile(path, "utf8")).split("\n").length).toBe(9);
  });
});
