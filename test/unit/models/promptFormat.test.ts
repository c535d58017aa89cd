import { describe, expect, it } from "vitest";
import { chatFormatter } from "../../../core/models/llama/chatFormat.ts";
import { templateFormatter } from "../../../core/models/promptFormat.ts";
import { feedbackPrompt } from "../../../core/society/prompts.ts";

describe("templateFormatter", () => {
  const { render } = templateFormatter();

  it("leaves the input out when there is none", () => {
    expect(render({ instruction: "Who are you?" })).toEqual({
      shared: "",
      own: "### Instruction:\nWho are you?\n\n### Response:\n",
    });
  });

  it("joins shared and own input by a line break and cuts behind the shared one", () => {
    expect(render({ instruction: "Rate.", sharedInput: "Q", ownInput: "I", responseStart: "Rating: " })).toEqual({
      shared: "### Instruction:\nRate.\n\n### Input:\nQ",
      own: "\nI\n\n### Response:\nRating: ",
    });
  });

  it.each([{ sharedInput: "Q" }, { ownInput: "Q" }])("shares nothing where only one input is there", (input) => {
    expect(render({ instruction: "Do.", ...input })).toEqual({
      shared: "",
      own: "### Instruction:\nDo.\n\n### Input:\nQ\n\n### Response:\n",
    });
  });

  it("inserts texts as they are, placeholders and replacement patterns included", () => {
    const { shared, own } = render({
      instruction: "{input} $& {instruction}",
      sharedInput: "$1 {input}",
      ownInput: "$$",
    });
    expect(shared + own).toBe(
      "### Instruction:\n{input} $& {instruction}\n\n### Input:\n$1 {input}\n$$\n\n### Response:\n",
    );
  });

  it("gives all raters of one draft the same shared text", () => {
    const raters = [1, 2, 3].map((id) => render(feedbackPrompt("Why?", "Because.", { id }, null)));
    expect(new Set(raters.map(({ shared }) => shared)).size).toBe(1);
    expect(new Set(raters.map(({ own }) => own)).size).toBe(3);
    expect(raters[0]?.shared.endsWith("Answer: Because.")).toBe(true);
  });
});

describe("chatFormatter", () => {
  const chatml =
    "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
  const { render } = chatFormatter(chatml, { begin: "<s>", end: "</s>", endOfTurn: "<|im_end|>" });

  it("puts instruction, blank line and input into the user's message and opens the answer", () => {
    const { shared, own } = render({
      instruction: "Rate.",
      sharedInput: "Q",
      ownInput: "I",
      responseStart: "Rating: ",
    });
    expect(shared).toBe("<|im_start|>user\nRate.\n\nQ");
    expect(own).toBe("\nI<|im_end|>\n<|im_start|>assistant\nRating: ");
  });

  it("keeps the beginning-of-sequence text out: it is a token, not text", () => {
    expect(render({ instruction: "Hi" }).own).toBe("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  });
});
