import type { Prompt } from "../../core/models/languageModel.ts";
import { templateFormatter } from "../../core/models/promptFormat.ts";

const formatter = templateFormatter();

/** The text that the demo model reads for a prompt, without BOS: the workbench's own template. */
export function renderText(prompt: Prompt): string {
  const { shared, own } = formatter.render(prompt);
  return shared + own;
}
