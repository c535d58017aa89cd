/** Appends batches to a journal until it is killed; prints the last acknowledged number. Usage: PATH */
import { z } from "zod";
import { Journal } from "../../core/workspace/journal.ts";

const journal = await Journal.open(process.argv[2] ?? "", z.object({ number: z.number(), text: z.string() }));
let number = journal.count;
for (;;) {
  const batch = Array.from({ length: 1 + (number % 7) }, () => ({ number: number++, text: "ö".repeat(number % 9000) }));
  await journal.append(batch);
  process.stdout.write(`${number - 1}\n`);
}
