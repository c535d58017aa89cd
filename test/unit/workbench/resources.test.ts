import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { resourcesFolder } from "../../../core/workbench/resources.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

it("from a build, what came along is the checkout's, not the templates that the compiler copied", async () => {
  const root = await temporaryFolder();
  const built = join(root, "dist", "core", "workbench");
  for (const folder of [join(root, "resources", "demo"), join(root, "dist", "resources", "templates"), built])
    await mkdir(folder, { recursive: true });
  expect(resourcesFolder(built)).toBe(join(root, "resources"));
});
