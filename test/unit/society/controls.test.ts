import { join } from "node:path";
import { expect, test } from "vitest";
import { SocietyControls } from "../../../core/society/controls.ts";
import { FakeLanguageModel } from "../../support/fakeLanguageModel.ts";
import { societyIn, societyMaterial } from "../../support/societyRun.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

/** Waits until so many calls were made, then until everything that can go on has gone on. */
async function settle(model: FakeLanguageModel, calls = 0): Promise<void> {
  for (let idle = 0; idle < 30; idle++) {
    const before = model.calls;
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (model.calls !== before || model.inFlight > 0 || model.calls < calls) idle = 0;
  }
}

async function society(onCall: (number: number, controls: SocietyControls) => void, controls = new SocietyControls()) {
  const folder = await temporaryFolder();
  const config = await societyMaterial(folder, { rounds: 2 });
  const whole = await societyIn(join(folder, "whole"), config);
  const model = new FakeLanguageModel({ onCall: (number) => onCall(number, controls) });
  const written: string[] = [];
  const stop = new AbortController();
  const running = societyIn(join(folder, "run"), config, {
    models: { population: [model], observer: model },
    controls,
    signal: stop.signal,
    emit: (event) => event.type === "interaction" && written.push(event.record.id),
  });
  return { whole, model, controls, written, running, stop };
}

test("pause: turns in flight finish, none starts; resume ends as if nothing had happened", async () => {
  const { whole, model, controls, running } = await society((number, hand) => number === 40 && hand.pause());
  await settle(model, 40);
  expect(model.calls).toBe(40);
  expect(model.inFlight).toBe(0);
  controls.resume();
  expect((await running).text).toBe(whole.text);
});

test("step: exactly one interaction more each time, the first unfinished one, also across rounds", async () => {
  const controls = new SocietyControls();
  controls.pause();
  const { whole, model, written, running } = await society(() => undefined, controls);
  await settle(model);
  expect(model.calls).toBe(0);
  for (let step = 1; step <= 11; step++) {
    controls.step();
    await settle(model, 8 * step);
    expect(model.calls).toBe(8 * step);
    expect(written).toHaveLength(step);
  }
  expect(written.slice(-3)).toEqual(["r1-a8", "r2-a0", "r2-a1"]);
  controls.step();
  controls.step();
  await settle(model, 8 * 13);
  expect(written).toHaveLength(13);
  controls.resume();
  expect((await running).text).toBe(whole.text);
});

test("a step in the middle of a running round finishes the first unfinished interaction and then stands still", async () => {
  const { whole, model, controls, written, running } = await society((number, hand) => number === 40 && hand.step());
  await settle(model, 40);
  const [calls, count] = [model.calls, written.length];
  await settle(model);
  expect(model.calls).toBe(calls);
  controls.step();
  await settle(model, calls + 1);
  expect(written.length).toBe(count + 1);
  controls.resume();
  expect((await running).text).toBe(whole.text);
});

test("stop works while paused", async () => {
  const { model, running, stop } = await society((number, hand) => number === 40 && hand.pause());
  const ended = expect(running).rejects.toMatchObject({ code: "cancelled" });
  await settle(model);
  stop.abort();
  await ended;
  expect(model.calls).toBe(40);
});
