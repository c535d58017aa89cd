/** Renders a Prompt by the chat template of a GGUF, through node-llama-cpp's Jinja. */
import { type ChatHistoryItem, JinjaTemplateChatWrapper, SpecialToken, SpecialTokensText } from "node-llama-cpp";
import { FolkmootError } from "../../contract/errors.ts";
import { isShared, joinInput, type PromptFormatter, splitAt } from "../promptFormat.ts";

/** What a chat template is told about its model, as texts. */
export interface ChatTokens {
  readonly begin: string | null;
  readonly end: string | null;
  readonly endOfTurn: string | null;
}

/**
 * The chat template of a GGUF, rendered by node-llama-cpp's Jinja. The user's message is the instruction, a blank line
 * and the input.
 *
 * @throws FolkmootError `model-unsupported` when the template cannot be rendered.
 */
export function chatFormatter(template: string, tokens: ChatTokens): PromptFormatter {
  const wrapper = buildWrapper(template);
  const renderMessage = (message: string): string => {
    const chatHistory: ChatHistoryItem[] = [
      { type: "user", text: message },
      { type: "model", response: [] },
    ];
    const { contextText } = wrapper.generateContextState({ chatHistory });
    const text = contextText.values.map((value) => pieceText(value, tokens)).join("");
    return tokens.begin !== null && text.startsWith(tokens.begin) ? text.slice(tokens.begin.length) : text;
  };
  return {
    controlTokens: true,
    render: (prompt) => {
      const input = joinInput(prompt);
      const message = input === null ? prompt.instruction : `${prompt.instruction}\n\n${input}`;
      const text = renderMessage(message) + (prompt.responseStart ?? "");
      const start = text.lastIndexOf(message);
      if (!isShared(prompt) || start < 0) return { shared: "", own: text };
      return splitAt(text, `${text.slice(0, start)}${prompt.instruction}\n\n${prompt.sharedInput}`);
    },
  };
}

function buildWrapper(template: string): JinjaTemplateChatWrapper {
  try {
    return new JinjaTemplateChatWrapper({ template, trimLeadingWhitespaceInResponses: false });
  } catch (error) {
    throw new FolkmootError(
      "model-unsupported",
      {
        message: "The chat template of this model cannot be rendered.",
        reason: error instanceof Error ? error.message : String(error),
        action: "Choose the prompt format `template`.",
      },
      { cause: error },
    );
  }
}

function pieceText(value: unknown, tokens: ChatTokens): string {
  if (typeof value === "string") return value;
  if (value instanceof SpecialTokensText) return value.value;
  if (!(value instanceof SpecialToken)) return "";
  const texts: Partial<Record<string, string | null>> = {
    BOS: tokens.begin,
    EOS: tokens.end,
    EOT: tokens.endOfTurn,
    NL: "\n",
  };
  return texts[value.value] ?? "";
}
