/** How prompts become the text of alignment rows. */
import type { Prompt } from "../../core/models/languageModel.ts";

/**
 * By the one template for training, evaluation and chat (definitions: "Template"), whatever format the society spoke.
 * Loaded on demand: the module brings the model runtime with it, which `--help` need not wait for.
 */
export async function promptRenderer(): Promise<(prompt: Prompt) => string> {
  const { templateFormatter } = await import("../../core/models/promptFormat.ts");
  const formatter = templateFormatter();
  return (prompt) => {
    const { shared, own } = formatter.render(prompt);
    return shared + own;
  };
}
