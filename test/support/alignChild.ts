/** Trains with the native trainer and prints the result. At step DIE it kills itself (SIGKILL). Usage: MODEL DATA DIRECTORY DIE */
import { loadNativeAddon } from "../../core/alignment/nativeAddon.ts";
import { runAlignment } from "../../core/alignment/runAlignment.ts";
import { alignConfig } from "../../core/contract/alignment.ts";
import { ggmlLibraryFolder } from "../../core/models/llama/libraries.ts";
import { openTokenizer } from "../../core/models/llama/tokenizer.ts";
import { RunDirectory } from "../../core/workspace/runDirectory.ts";

const [model = "", data = "", directory = "", die = ""] = process.argv.slice(2);
const config = alignConfig.parse({
  model,
  data,
  lora: { rank: 4, alpha: 8 },
  optimizer: { learningRate: 3e-3 },
  epochs: 6,
  accumulation: 4,
  evaluationShare: 0.1,
  evaluateEvery: 10,
  checkpointEvery: 7,
});
await using tokenizer = await openTokenizer(model);
const trainer = await loadNativeAddon().openTrainer({ model, libraries: ggmlLibraryFolder(), threads: 1 });
try {
  const { run } = await RunDirectory.openOrCreate(directory, { config, schema: alignConfig, files: [model, data] });
  await using _ = run;
  const result = await runAlignment({
    config,
    run,
    trainer,
    tokenizer,
    emit: (event) => {
      if (event.type === "progress" && event.done === Number(die)) process.kill(process.pid, "SIGKILL");
    },
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await trainer.dispose();
}
