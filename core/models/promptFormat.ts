/**
 * Renders a Prompt to the text that a model reads by the workbench's own template (resources/templates/alpaca.json).
 * The GGUF's chat template, the other way, is in llama/chatFormat.ts.
 */
import { z } from "zod";
import alpaca from "../../resources/templates/alpaca.json" with { type: "json" };
import type { Prompt } from "./languageModel.ts";

/** The prompt is `shared + own`; calls of a group have `shared` in common, so that it is evaluated once. */
export interface RenderedPrompt {
  readonly shared: string;
  readonly own: string;
}

export interface PromptFormatter {
  /** Whether texts of control tokens (`<|im_end|>`) in the rendered text are those tokens. */
  readonly controlTokens: boolean;
  render(prompt: Prompt): RenderedPrompt;
}

export const promptTemplate = z.object({
  id: z.string(),
  /** With `{instruction}`. */
  instruction: z.string(),
  /** With `{input}`; left out when there is no input. */
  input: z.string(),
  response: z.string(),
});
export type PromptTemplate = z.infer<typeof promptTemplate>;

/** The one template for training, evaluation and chat. */
export const alpacaTemplate: PromptTemplate = promptTemplate.parse(alpaca);

export function templateFormatter(template: PromptTemplate = alpacaTemplate): PromptFormatter {
  return {
    controlTokens: false,
    render: (prompt) => {
      const input = joinInput(prompt);
      const text =
        fill(template.instruction, "{instruction}", prompt.instruction) +
        (input === null ? "" : fill(template.input, "{input}", input)) +
        template.response +
        (prompt.responseStart ?? "");
      if (!isShared(prompt)) return { shared: "", own: text };
      const shared =
        fill(template.instruction, "{instruction}", prompt.instruction) +
        beforePlaceholder(template.input) +
        prompt.sharedInput;
      return splitAt(text, shared);
    },
  };
}

/** Whether a group can have the beginning of this prompt in common. */
export function isShared(prompt: Prompt): prompt is Prompt & { sharedInput: string; ownInput: string } {
  return prompt.sharedInput !== undefined && prompt.ownInput !== undefined;
}

/** Shared and own input on lines of their own; null when neither is there. */
export function joinInput({ sharedInput, ownInput }: Prompt): string | null {
  const parts = [sharedInput, ownInput].filter((part) => part !== undefined);
  return parts.length === 0 ? null : parts.join("\n");
}

/** `shared` must be the beginning of `text`. */
export function splitAt(text: string, shared: string): RenderedPrompt {
  return { shared, own: text.slice(shared.length) };
}

/** Inserts `value` as it is: `$&` and the like mean nothing. */
function fill(template: string, placeholder: string, value: string): string {
  return template.split(placeholder).join(value);
}

function beforePlaceholder(template: string): string {
  return template.slice(0, template.indexOf("{input}"));
}
