import { describe, expect, it } from "vitest";
import type { GpuFacts } from "../../../core/contract/device.ts";
import { Device } from "../../../core/workbench/device.ts";
import { Gpus } from "../../../core/workbench/gpus.ts";
import { cardsOnly } from "../../support/cardsOnly.ts";

const card: GpuFacts = { kind: "cuda", name: "a card", software: false, freeBytes: 3, totalBytes: 4 };

function machine(answer: () => GpuFacts[]) {
  let [time, asked] = [0, 0];
  const factories = cardsOnly();
  const engine = factories.engine();
  const ask = async () => {
    asked++;
    return answer();
  };
  const client = { gpus: ask } as unknown as typeof engine.client;
  const device = new Device({ ...factories, engine: () => ({ ...engine, client }) });
  return { device, gpus: new Gpus(device, () => time), asked: () => asked, pass: (ms: number) => (time += ms) };
}

describe("the machine's cards", () => {
  it("are asked for once in a while, however many forms are open", async () => {
    const { gpus, asked, pass } = machine(() => [card]);
    expect(gpus.known).toBeNull();
    await Promise.all([gpus.list(), gpus.list()]);
    expect([gpus.known, asked()]).toEqual([[card], 1]);
    pass(30_000);
    await gpus.list();
    expect(asked()).toBe(2);
  });

  it("are left alone while a job runs: a driver that fails would end it", async () => {
    const { device, gpus, asked } = machine(() => [card]);
    await device.take("inference", "a job");
    expect([await gpus.list(), asked()]).toEqual([[], 0]);
    device.release("a job");
    expect(await gpus.list()).toEqual([card]);
  });

  it("are not asked for again when a driver failed, and what was known stays known", async () => {
    let works = true;
    const { gpus, asked, pass } = machine(() => {
      if (works) return [card];
      throw new Error("the process has ended");
    });
    await gpus.list();
    works = false;
    for (let i = 0; i < 3; i++) {
      pass(30_000);
      expect(await gpus.list()).toEqual([card]);
    }
    expect(asked()).toBe(2);
  });
});

describe("the trainer's process", () => {
  it("gives way to a fresh one where another device is asked for, and only there", async () => {
    const ended: number[] = [];
    let started = 0;
    const trainer = () => {
      const number = started++;
      const done = async () => void ended.push(number);
      return {
        client: { number } as never,
        pid: number + 1,
        start: async () => {},
        dispose: done,
        [Symbol.asyncDispose]: done,
      };
    };
    const device = new Device({ ...cardsOnly(), trainer });
    const first = device.trainerClient();
    expect(device.trainerClient("off")).toBe(first);
    const second = device.trainerClient("cuda");
    expect(second).not.toBe(first);
    expect(device.trainerClient("cuda")).toBe(second);
    expect([started, ended]).toEqual([2, [0]]);
    // A training's own, so that the memory of the one before it is not counted as its.
    const third = await device.freshTrainer("cuda");
    expect(third).not.toBe(second);
    expect(device.trainerClient("cuda")).toBe(third);
    expect([started, ended]).toEqual([3, [0, 1]]);
  });
});
