import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { evaluationConfig } from "../../../core/contract/evaluation.ts";
import { societyConfig } from "../../../core/contract/society.ts";
import { evaluationJob, societyJob } from "../../../core/host/engineJobs.ts";
import { MoveFeed } from "../../../core/host/moveFeed.ts";
import { SocietyControls } from "../../../core/society/controls.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { writeMaterial } from "../../support/workbenchFaces.ts";

it("a job that is refused leaves no folder, which the corrected one would have to agree with", async () => {
  const folder = await temporaryFolder();
  const { model } = await writeMaterial(folder);
  const questions = join(folder, "q.txt");
  await writeFile(questions, "May I keep it?\n");
  const [directory, signal] = [join(folder, "run"), new AbortController().signal];
  const unscored = { config: evaluationConfig.parse({ model, questions }), directory };
  await expect(evaluationJob(unscored, () => {}, signal)).rejects.toMatchObject({ details: { setting: "judge" } });
  const config = societyConfig.parse({
    populations: [{ model }],
    questions: { path: questions },
    semantics: "reference",
  });
  const handles = { controls: new SocietyControls(), moves: new MoveFeed() };
  await expect(societyJob({ config, directory }, handles, () => {}, signal)).rejects.toMatchObject({
    details: { setting: "semantics" },
  });
  expect(existsSync(directory)).toBe(false);
});
