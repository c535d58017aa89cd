/** Runs a society over a slow fake model; prints each written interaction's id. Usage: DIRECTORY CONFIG_JSON */
import { setTimeout as delay } from "node:timers/promises";
import { societyConfig } from "../../core/contract/society.ts";
import { FakeLanguageModel } from "./fakeLanguageModel.ts";
import { societyIn } from "./societyRun.ts";

const [directory, config] = [process.argv[2] ?? "", societyConfig.parse(JSON.parse(process.argv[3] ?? ""))];
const model = new FakeLanguageModel({ finishing: process.pid, onCall: (number) => delay(1 + (number % 5)) });
await societyIn(directory, config, {
  models: { population: [model], observer: model },
  emit: (event) => event.type === "interaction" && process.stdout.write(`${event.record.id}\n`),
});
process.stdout.write("finished\n");
