/** The random start of the demo model: a whole model that has not learnt anything. */
import { writeLlamaFile } from "../models/llamaFile.ts";
import { linearDeviation, uniformRows } from "../models/randomWeights.ts";
import type { Vocabulary } from "../models/vocabulary.ts";
import type { Recipe } from "./recipe.ts";

/** The template of resources/templates/alpaca.json, for programs that only know chats. */
const chatTemplate =
  "{% for message in messages %}{% if message['role'] == 'assistant' %}" +
  "### Response:\n{{ message['content'] }}\n\n{% else %}### Instruction:\n{{ message['content'] }}\n\n{% endif %}" +
  "{% endfor %}{% if add_generation_prompt %}### Response:\n{% endif %}";

export async function writeDemoBase(path: string, recipe: Recipe, vocabulary: Vocabulary): Promise<void> {
  const { seed, shape, embeddingDeviation, headDeviation } = recipe;
  await writeLlamaFile(path, {
    name: "Folkmoot village",
    shape,
    vocabulary,
    encoding: "F32",
    chatTemplate,
    *rows(matrix) {
      if (matrix.name === "token_embd.weight") yield* uniformRows(seed, matrix, embeddingDeviation);
      else if (matrix.name === "output.weight") yield* uniformRows(seed, matrix, headDeviation);
      else yield* uniformRows(seed, matrix, linearDeviation(matrix, shape));
    },
  });
}
