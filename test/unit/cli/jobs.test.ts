/** What every command that runs a job does when it fails or is interrupted. */
import { describe, expect, it } from "vitest";
import { errorExitCodes, FolkmootError } from "../../../core/contract/errors.ts";
import { type FakeHost, type FakeJob, fakeHost } from "./fakeHost.ts";
import { alignResult, progress, run } from "./runLine.ts";

const failing = (error: unknown): FakeJob =>
  async function* () {
    yield progress(1);
    throw error;
  };

describe("errors", () => {
  const line = "align --model m.gguf --data d.json --out a";
  const corrupt = new FolkmootError("model-corrupt", {
    message: "m.gguf ends in the middle of a tensor.",
    reason: "The download was cut off.",
    action: "Fetch the file again.",
  });

  it("give the status of their code and say what, why and what to do, without a stack trace", async () => {
    const host = fakeHost({ "align.run": failing(corrupt) });
    expect(await run(line, host)).toBe(errorExitCodes["model-corrupt"]);
    expect(host.err()).toContain("Why:  The download was cut off.");
    expect(host.err()).toContain("Do:   Fetch the file again.");
    expect(host.err()).not.toMatch(/\n\s+at /);
    expect(host.out()).toBe("");
    expect(host.disposed()).toBe(1);
  });

  it("are JSON for machines", async () => {
    const host = fakeHost({ "align.run": failing(corrupt) });
    await run(`${line} --json`, host);
    expect(JSON.parse(host.out())).toMatchObject({ error: { code: "model-corrupt", action: "Fetch the file again." } });
  });

  it("of our own making show no stack either, unless diagnostics are asked for", async () => {
    const fault = new TypeError("x is not a function");
    const host = fakeHost({ "align.run": failing(fault) });
    expect(await run(line, host)).toBe(1);
    expect(host.err()).not.toMatch(/\n\s+at /);
    const asked = { ...fakeHost({ "align.run": failing(fault) }), diagnostics: true };
    await run(line, asked);
    expect(asked.err()).toMatch(/\n\s+at /);
  });

  it("a stream that ends without a result is a failure, not a success", async () => {
    const host = fakeHost({
      "align.run": async function* () {
        yield progress(1);
      },
    });
    expect(await run(line, host)).toBe(errorExitCodes.internal);
  });
});

describe("Ctrl+C", () => {
  const line = "align --model m.gguf --data d.json --out a";

  /** Waits for the signal, as a job does that is busy. */
  const busy: FakeJob = async function* (_input, signal) {
    yield progress(1);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    throw new FolkmootError("cancelled", { message: "The run was stopped after 1 step.", action: "Resume it." });
  };

  it("stops the job, keeps what is done, ends the hosts and exits with 130", async () => {
    const host = fakeHost({ "align.run": busy });
    const running = run(line, host);
    await untilText(host, "1/12");
    host.signals.emit("SIGINT");
    expect(await running).toBe(130);
    expect(host.err()).toContain("Stopping; what is finished is kept.");
    expect(host.disposed()).toBe(1);
    expect(host.left).toEqual([]);
    expect(host.signals.listenerCount("SIGINT")).toBe(0);
  });

  it("says what could not be kept, instead of that all was kept", async () => {
    const full = new FolkmootError("disk-full", { message: "No space is left.", action: "Free some." });
    const host = fakeHost({ "align.run": busy, "trainer.settled": () => Promise.reject(full) });
    const running = run(line, host);
    await untilText(host, "1/12");
    host.signals.emit("SIGINT");
    expect(await running).toBe(6);
    expect(host.err()).toContain("No space is left.");
  });

  it("twice leaves at once, even when the job does not listen", async () => {
    let end: () => void = () => {};
    const host = fakeHost({
      "align.run": async function* () {
        yield progress(1);
        await new Promise<void>((resolve) => {
          end = resolve;
        });
      },
    });
    const running = run(line, host);
    await untilText(host, "1/12");
    host.signals.emit("SIGINT");
    host.signals.emit("SIGINT");
    expect(host.left).toEqual([130]);
    end();
    await running;
  });

  it("does not turn a job that finished all the same into a success", async () => {
    const host = fakeHost({
      "align.run": async function* (_input, signal) {
        yield progress(1);
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
        yield { type: "finished", result: alignResult };
      },
    });
    const running = run(line, host);
    await untilText(host, "1/12");
    host.signals.emit("SIGTERM");
    expect(await running).toBe(130);
    expect(host.out()).toBe("");
  });

  async function untilText(host: FakeHost, text: string): Promise<void> {
    while (!host.err().includes(text)) await new Promise((resolve) => setImmediate(resolve));
  }
});
