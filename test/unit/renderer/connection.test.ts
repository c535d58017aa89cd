import { describe, expect, it } from "vitest";
import { FolkmootError } from "../../../core/contract/errors.ts";
import { Connection } from "../../../renderer/connection/connection.ts";
import { type Frame, follow } from "../../../renderer/connection/follow.ts";
import type { Line } from "../../../renderer/connection/line.ts";
import { socketUrl } from "../../../renderer/connection/socketUrl.ts";
import { fromWire } from "../../../renderer/connection/wireErrors.ts";

/** Lines that a test opens and breaks by hand. */
function handLines() {
  const lines: { line: Line; breakOff: () => void }[] = [];
  let refuse = false;
  return {
    lines,
    refuse: (on: boolean) => {
      refuse = on;
    },
    open: async () => {
      if (refuse) throw new Error("refused");
      const number = lines.length + 1;
      let gone: () => void = () => {};
      const closed = new Promise<void>((resolve) => {
        gone = resolve;
      });
      const line: Line = { link: { call: async (path) => `${number}:${path.join(".")}` }, closed, close: () => gone() };
      lines.push({ line, breakOff: gone });
      return line;
    },
  };
}

/** Waiting that a test ends by hand, as many times as it likes. */
function handClock() {
  const waiting: (() => void)[] = [];
  return {
    wait: (_: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      }),
    tick: async () => {
      for (const resolve of waiting.splice(0)) resolve();
      await settle();
    },
  };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("connection", () => {
  it("opens a new line after the old one broke, and calls go over the new one", async () => {
    const hand = handLines();
    const clock = handClock();
    const connection = new Connection({ open: hand.open, wait: clock.wait });
    expect(await connection.call(["a"], {}, { context: {} })).toBe("1:a");
    hand.lines[0]?.breakOff();
    await settle();
    expect(connection.state.getState()).toEqual({ kind: "lost", attempt: 1 });
    await clock.tick();
    expect(connection.state.getState()).toEqual({ kind: "open", opened: 2 });
    expect(await connection.call(["b"], {}, { context: {} })).toBe("2:b");
    connection.dispose();
  });

  it("lets a call made between two lines wait for the next instead of failing", async () => {
    const hand = handLines();
    let release: () => void = () => {};
    const connection = new Connection({
      open: hand.open,
      wait: (milliseconds, signal) =>
        milliseconds >= 10_000
          ? new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))
          : new Promise((resolve) => {
              release = resolve;
            }),
    });
    await connection.ready();
    hand.lines[0]?.breakOff();
    await settle();
    const answer = connection.call(["late"], {}, { context: {} });
    await settle();
    release();
    expect(await answer).toBe("2:late");
    connection.dispose();
  });

  it("gives up with what to do when nobody answers, and says the line is lost", async () => {
    const hand = handLines();
    hand.refuse(true);
    const connection = new Connection({
      open: hand.open,
      wait: async (milliseconds) => {
        // Ten seconds of patience are longer than a few pauses between attempts.
        for (let n = 0; n < (milliseconds >= 10_000 ? 20 : 1); n++) await settle();
      },
    });
    await expect(connection.call(["a"], {}, { context: {} })).rejects.toMatchObject({ code: "unreachable" });
    expect(connection.state.getState().kind).toBe("lost");
    connection.dispose();
  });
});

describe("following a stream", () => {
  const at = (seq: number, epoch = "e", reset = false): Frame & { value: number } => ({
    position: { epoch, seq },
    reset,
    value: seq,
  });

  it("asks since the last frame after a break, and hands on nothing twice and nothing lost", async () => {
    const asked: (number | null)[] = [];
    const got: number[] = [];
    const stop = new AbortController();
    await follow({
      signal: stop.signal,
      ready: async () => {},
      open: async (since) => {
        asked.push(since?.seq ?? null);
        if (asked.length === 1)
          return (async function* () {
            yield at(1, "e", true);
            yield at(2);
            throw new FolkmootError("unreachable", { message: "broke", action: "wait" });
          })();
        return (async function* () {
          yield at(2);
          yield at(3);
          stop.abort();
          yield at(4);
        })();
      },
      onFrame: (frame) => got.push(frame.value),
    });
    expect(asked).toEqual([null, 2]);
    expect(got).toEqual([1, 2, 3]);
  });

  it("takes a reset of a restarted service although its numbers start again", async () => {
    const got: string[] = [];
    const stop = new AbortController();
    await follow({
      signal: stop.signal,
      ready: async () => {},
      open: async () =>
        (async function* () {
          yield at(7, "old", true);
          yield at(1, "new", true);
          yield at(2, "new");
          stop.abort();
          yield at(3, "new");
        })(),
      onFrame: (frame) => got.push(`${frame.position.epoch}${frame.position.seq}`),
    });
    expect(got).toEqual(["old7", "new1", "new2"]);
  });

  it("ends with the answer when the other side refuses", async () => {
    const refused = follow({
      signal: new AbortController().signal,
      ready: async () => {},
      open: async () => {
        throw new FolkmootError("run-not-found", { message: "There is no run x.", action: "Choose another." });
      },
      onFrame: () => {},
    });
    await expect(refused).rejects.toMatchObject({ code: "run-not-found" });
  });
});

describe("addresses and errors", () => {
  it("speaks to where the page came from, with the page's token", () => {
    expect(socketUrl({ protocol: "http:", host: "127.0.0.1:4711", search: "?token=a%2Bb" })).toBe(
      "ws://127.0.0.1:4711/rpc?token=a%2Bb",
    );
  });

  it("tells a broken line from a refusal and from a fault", () => {
    const abort = Object.assign(new Error("[AsyncIdQueue] Queue[1] was closed"), { name: "AbortError" });
    expect(fromWire(abort).code).toBe("unreachable");
    expect(fromWire(new TypeError("x is undefined")).code).toBe("internal");
    expect(fromWire({ code: "disk-full", message: "Full.", action: "Free some." })).toMatchObject({
      code: "disk-full",
    });
  });
});
