import { access, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openWorkbench, type Workbench } from "../../../core/workbench/openWorkbench.ts";
import { startWebServer, type WebServer } from "../../../core/workbench/serve/webServer.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { openLine, smallSociety, watchToEnd, watchUntil, writeMaterial } from "../../support/workbenchFaces.ts";

interface Served extends AsyncDisposable {
  readonly workbench: Workbench;
  readonly server: WebServer;
}

async function serve(workspace: string): Promise<Served> {
  const workbench = await openWorkbench({ workspace });
  const server = await startWebServer({ workbench, port: 0, page: null });
  return {
    workbench,
    server,
    async [Symbol.asyncDispose]() {
      await server.close();
      await workbench.close();
    },
  };
}

const interactionsOf = (events: readonly { type: string }[]) =>
  events.flatMap((event) => ("interaction" in event ? [(event.interaction as { id: string }).id] : []));

describe("the workbench over a real socket, on a real model", () => {
  it("a whole experiment: society, annotations, data, training, comparison, export, and all of it there after a restart", async () => {
    const folder = await temporaryFolder();
    const material = await writeMaterial(folder);
    const workspace = join(folder, "workspace");
    let adapter = "";
    {
      await using served = await serve(workspace);
      const { url } = served.server;
      using line = await openLine(url);
      const { client } = line;
      expect((await client.about()).offline).toBe(true);
      expect((await client.models.add({ path: material.model })).models[0]?.fit?.verdict).toBe("fits");
      await expect(client.models.add({ path: material.questions })).rejects.toMatchObject({
        data: { code: "model-corrupt" },
      });

      // Nothing starts with a wrong setting, and its name is said.
      const refused = [
        [{ peers: 40 }, "peers"],
        [{ questions: { path: join(folder, "none.txt") } }, "questions.path"],
        [{ populations: [{ model: join(folder, "none.gguf") }] }, "populations.0.model"],
        [{ rounds: 0 }, "rounds"],
        [{ populations: [{ model: material.model, adapter: material.model }] }, "populations.0.adapter"],
      ] as const;
      for (const [over, setting] of refused)
        await expect(client.society.start({ config: smallSociety(material, over) }), setting).rejects.toMatchObject({
          data: { details: { setting } },
        });
      expect(await client.runs.list()).toEqual([]);
      const preview = await client.society.preview({ config: { grid: { rows: 2, columns: 3 }, rounds: 0 } as never });
      expect(preview.problems.map(({ setting }) => setting)).toContain("rounds");

      const { job, run } = await client.society.start({ config: smallSociety(material), name: "Our village" });
      const [steady, unsteady] = await Promise.all([watchToEnd(url, job), watchToEnd(url, job, 2)]);
      expect(steady.snapshot.state).toBe("finished");
      expect(interactionsOf(steady.events)).toHaveLength(18);
      expect(interactionsOf(unsteady.events)).toEqual(interactionsOf(steady.events));
      expect([steady.resets, unsteady.resets]).toEqual([1, 1]);
      expect(unsteady.snapshot).toEqual(steady.snapshot);
      expect(steady.snapshot.society?.rounds).toHaveLength(3);
      expect(
        steady.events.some((event) => event.type === "move" && event.move === "feedback" && event.peers.length > 0),
      ).toBe(true);

      expect((await client.models.list()).models[0]?.measured?.bytes).toBeGreaterThan(0);

      // Dialogues: the list agrees with the journal; annotations change the list, never the record.
      const journal = join(workspace, "runs", "our-village", "interactions.jsonl");
      const recorded = await readFile(journal, "utf8");
      const records = recorded
        .trim()
        .split("\n")
        .map((text) => JSON.parse(text));
      const list = await client.dialogues.query({ limit: 50 });
      expect(list.rows.map(({ id }) => id)).toEqual(records.map(({ id }) => id));
      const target = { run: run ?? "", id: "r2-a3" };
      const dialogue = await client.dialogues.get(target);
      expect(dialogue.record).toEqual(records.find(({ id }) => id === "r2-a3"));
      expect(dialogue.timing?.seconds).toBeGreaterThan(0);
      const { undo } = await client.dialogues.annotate({
        change: { kind: "exclude", excluded: true },
        targets: [target],
      });
      await client.dialogues.annotate({
        change: { kind: "tag", tag: "keep", present: true },
        targets: { filter: { rounds: { from: 3, to: 3 } } as never },
      });
      expect((await client.dialogues.query({ filter: { excluded: "only" } })).rows.map(({ id }) => id)).toEqual([
        "r2-a3",
      ]);
      expect((await client.dialogues.facets({ filter: { tags: ["keep"] } })).total).toBe(6);
      await client.undo.apply({ undo });
      expect((await client.dialogues.query({ filter: { excluded: "only" } })).total).toBe(0);
      await client.dialogues.annotate({
        change: { kind: "answer", text: "Bring it back and say sorry." },
        targets: [target],
      });
      expect(await readFile(journal, "utf8")).toBe(recorded);

      const built = await client.data.build({
        runs: [run ?? ""],
        settings: { mixture: { imitation: 1, "self-critic": 3, realignment: 3 } },
      });
      expect(built.origin).toMatchObject({ kind: "built", counts: { corrections: 1, interactions: 18 } });
      const page = await client.data.rows({ id: built.id, text: "say sorry", model: material.model });
      expect(page.rows[0]?.row.responses).toContain("Bring it back and say sorry.");
      expect(page.rows[0]?.tokens?.query).toBeGreaterThan(5);
      const exported = await client.data.export({
        id: built.id,
        path: join(folder, "published.json"),
        format: "published",
      });
      const again = await client.data.import({ path: exported.path, name: "Round trip" });
      expect(again.rows).toBe(built.rows);

      const settings = {
        model: material.model,
        data: built.path,
        epochs: 2,
        accumulation: 2,
        checkpointEvery: 1,
        evaluateEvery: 1,
        evaluationShare: 0.2,
        lora: { rank: 4, alpha: 8 },
      };
      const { problems, memory } = await client.align.preview({ config: settings });
      expect(problems).toEqual([]);
      expect(memory).toMatchObject({ ofRows: true, measured: false });
      const align = await client.align.start({ config: settings });
      const trained = await watchToEnd(url, align.job);
      expect(trained.snapshot.state, JSON.stringify(trained.snapshot.error)).toBe("finished");
      expect(JSON.stringify(trained.events)).toContain("unloaded");
      const metrics = await client.align.metrics({ run: align.run ?? "", names: ["loss", "gradNorm"] });
      expect(metrics.series[0]?.x).toEqual(Array.from({ length: metrics.steps }, (_, i) => i + 1));
      expect(metrics.evaluations.length).toBeGreaterThan(1);
      const [newest] = await client.align.checkpoints({ run: align.run ?? "" });
      expect(newest?.step).toBe(metrics.steps);
      adapter = newest?.adapter ?? "";
      expect(trained.snapshot.align?.checkpoints.at(-1)?.step).toBe(metrics.steps);
      expect((await client.models.list()).adapters).toMatchObject([
        { base: material.model, run: align.run, step: metrics.steps },
      ]);

      const chat = await client.chat.open({ model: material.model, adapter });
      const said = { base: "", aligned: "" };
      const ends: string[] = [];
      for await (const event of await client.chat.send({
        session: chat.session,
        text: "Whose goat is it?",
        sampling: { maxTokens: 6 },
        seed: 3,
      }))
        if (event.type === "text") said[event.side] += event.text;
        else ends.push(event.side);
      expect(ends.sort()).toEqual(["aligned", "base"]);
      expect(said.base.length).toBeGreaterThan(0);

      await expect(
        client.evaluation.start({ config: { model: material.model, adapter, questions: material.questions } }),
      ).rejects.toMatchObject({ data: { details: { setting: "judge" } } });
      const evaluation = await client.evaluation.start({
        config: {
          model: material.model,
          adapter,
          questions: material.questions,
          judge: { model: material.model },
          sampling: { maxTokens: 8 },
          resamples: 100,
        },
      });
      expect((await watchToEnd(url, evaluation.job)).snapshot.state).toBe("finished");
      const results = await client.evaluation.results({ run: evaluation.run ?? "" });
      expect(results.total).toBe(4);
      expect((await client.evaluation.summary({ run: evaluation.run ?? "" }))?.judged).toBe(4);
      const report = await client.evaluation.report({
        run: evaluation.run ?? "",
        path: join(folder, "report.html"),
        format: "html",
      });
      expect((await readFile(report.path)).length).toBe(report.bytes);

      const { job: writing, path } = await client.exports.start({ kind: "merged", run: align.run ?? "", type: "F16" });
      expect((await watchToEnd(url, writing)).snapshot.state).toBe("finished");
      expect(await client.exports.list()).toMatchObject([
        { kind: "merged", path, run: align.run, proof: { conclusive: expect.any(Boolean) } },
        { kind: "data" },
      ]);
      expect(await client.chat.current(), "training took the device, so the chat's model is gone").toBeNull();
      expect((await client.diagnostics()).text).not.toContain(new URL(url).searchParams.get("token"));
    }

    await using served = await serve(workspace);
    using line = await openLine(served.server.url);
    const { client } = line;
    expect((await client.runs.list()).map(({ run, state }) => `${run} ${state}`).sort()).toEqual([
      "align finished",
      "evaluation finished",
      "our-village finished",
    ]);
    expect((await client.dialogues.query({ filter: { tags: ["keep"], corrected: "without" } })).total).toBe(6);
    expect((await client.dialogues.query({ filter: { corrected: "only" } })).rows.map(({ id }) => id)).toEqual([
      "r2-a3",
    ]);
    const past = await watchUntil(client, "our-village", () => true);
    expect(past).toMatchObject({ state: "finished", society: { interactions: 18, rounds: [{}, {}, {}] } });

    // Removing is a move into the trash; undo brings it back whole, with its place in the list of dialogues.
    const { undo } = await client.runs.remove({ run: "our-village" });
    expect(
      await access(join(workspace, "runs", "our-village")).then(
        () => true,
        () => false,
      ),
    ).toBe(false);
    expect((await client.dialogues.query({})).total).toBe(0);
    expect((await client.runs.list()).map(({ run }) => run)).not.toContain("our-village");
    await client.undo.apply({ undo });
    expect((await client.dialogues.query({ filter: { tags: ["keep"] } })).total).toBe(6);
    await expect(client.undo.apply({ undo })).rejects.toMatchObject({ data: { code: "run-not-found" } });
  }, 180_000);

  it("a society survives the death of its process and says what it would have said; pause, step and stop keep every word", async () => {
    const folder = await temporaryFolder();
    const material = await writeMaterial(folder);
    await using served = await serve(join(folder, "workspace"));
    const { url } = served.server;
    using line = await openLine(url);
    const { client } = line;
    const config = smallSociety(material, { rounds: 6 });
    const journal = (run: string) => readFile(join(folder, "workspace", "runs", run, "interactions.jsonl"), "utf8");
    const whole = await client.society.start({ config, name: "whole" });
    const uninterrupted = await watchToEnd(url, whole.job);
    expect(uninterrupted.snapshot.state).toBe("finished");

    const killed = await client.society.start({ config, name: "killed" });
    const watching = watchToEnd(url, killed.job, 3);
    await watchUntil(client, killed.job, ({ society }) => (society?.interactions ?? 0) >= 3);
    const engine = (await client.machine.get()).hosts.find(({ kind }) => kind === "engine");
    process.kill(engine?.pid ?? 0, "SIGKILL");
    const survived = await watching;
    expect(survived.snapshot.state, JSON.stringify(survived.snapshot.error)).toBe("finished");
    expect(survived.snapshot.warnings.join()).toContain("engine process");
    expect(await journal("killed")).toBe(await journal("whole"));
    expect(survived.snapshot.society).toMatchObject({ interactions: 36, rounds: Array(6).fill({}) });
    expect(survived.snapshot.society?.recent.map(({ id }) => id)).toEqual(interactionsOf(uninterrupted.events));

    const held = await client.society.start({ config, name: "held" });
    await watchUntil(client, held.job, ({ society }) => (society?.interactions ?? 0) >= 1);
    await client.jobs.control({ job: held.job, action: "pause" });
    const paused = await watchUntil(client, held.job, ({ state }) => state === "paused");
    const before = paused.society?.interactions ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await watchUntil(client, held.job, () => true)).society?.interactions).toBe(before);
    await client.jobs.control({ job: held.job, action: "step" });
    await watchUntil(
      client,
      held.job,
      ({ society, state }) => (society?.interactions ?? 0) > before && state === "paused",
    );
    await client.jobs.control({ job: held.job, action: "stop" });
    expect((await watchUntil(client, held.job, ({ state }) => state === "stopped")).actions).toEqual(["resume"]);
    const kept = (await journal("held")).trim().split("\n").length;
    expect(kept).toBeGreaterThan(before);
    expect(kept).toBeLessThan(36);
    const { job } = await client.jobs.resume({ run: "held" });
    expect((await watchToEnd(url, job)).snapshot.state).toBe("finished");
    expect(await journal("held")).toBe(await journal("whole"));
  }, 180_000);

  it("a training pauses after its step, survives the death of its process, and stops with a checkpoint", async () => {
    const folder = await temporaryFolder();
    const { model } = await writeMaterial(folder);
    const data = join(folder, "published.json");
    const rows = Array.from({ length: 12 }, (_, i) => ({
      query: `Question ${i}?`,
      responses: ["I say sorry and bring it back.", "It is mine."],
      scores: [7, 1],
    }));
    await writeFile(data, JSON.stringify(rows));
    await using served = await serve(join(folder, "workspace"));
    using line = await openLine(served.server.url);
    const { client } = line;
    const lora = { rank: 4, alpha: 8 };
    const { job, run } = await client.align.start({
      config: {
        model,
        data,
        epochs: 3000,
        accumulation: 1,
        checkpointEvery: 5,
        evaluateEvery: 0,
        evaluationShare: 0,
        lora,
      },
    });
    const steps = async () => (await client.align.metrics({ run: run ?? "" })).steps;
    expect((await watchUntil(client, job, ({ align }) => (align?.step ?? 0) >= 6)).actions).toEqual(["pause", "stop"]);
    await client.jobs.control({ job, action: "pause" });
    await watchUntil(client, job, ({ state }) => state === "paused");
    const paused = await steps();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await steps()).toBe(paused);
    await client.jobs.control({ job, action: "resume" });
    await watchUntil(client, job, ({ align }) => (align?.step ?? 0) > paused + 5);

    const trainer = (await client.machine.get()).hosts.find(({ kind }) => kind === "trainer");
    process.kill(trainer?.pid ?? 0, "SIGKILL");
    await watchUntil(client, job, ({ warnings }) => warnings.join().includes("trainer process"));
    // Further than before it died: only then does it train again, and has cut off what its last checkpoint does not hold.
    const died = await steps();
    const after = await watchUntil(
      client,
      job,
      ({ state, align }) => state === "running" && (align?.step ?? 0) > died + 2,
    );
    expect(after.align?.checkpoints.length).toBeGreaterThan(0);
    await client.jobs.control({ job, action: "stop" });
    const stopped = await watchUntil(client, job, ({ state }) => state === "stopped");
    const metrics = await client.align.metrics({ run: run ?? "" });
    const [newest] = await client.align.checkpoints({ run: run ?? "" });
    expect(newest?.step).toBe(metrics.steps);
    expect(stopped.align?.checkpoints.at(-1)?.step, "the list is whole when the stop is said").toBe(metrics.steps);
    expect(await readdir(newest?.directory ?? "")).toEqual(expect.arrayContaining(["adapter.gguf", "optimizer.bin"]));
    expect(metrics.series[0]?.x).toEqual(Array.from({ length: metrics.steps }, (_, i) => i + 1));
  }, 180_000);
});
