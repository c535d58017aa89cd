import { ListPlus } from "lucide-react";
import { useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { Lines } from "../../forms/Lines.tsx";
import { textsAt } from "../../forms/settings.ts";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";

const words = text.align.setup;
/** Steps between two looks where nobody said how many. */
const usualEvery = 50;

/** What base and tuned model answer side by side: own prompts, or questions that no society was asked. */
export function PromptFields({ form }: { readonly form: SettingsForm }) {
  const { client } = useWorkbench();
  const suites = useRequest(() => client.evaluation.suites(), []);
  const heldOut = suites.data?.[0]?.sample ?? [];
  const every = form.number("samples.every") ?? 0;
  return (
    <>
      <Lines
        label={words.prompts}
        explanation={words.promptsText}
        placeholder={words.promptsPlaceholder}
        rows={4}
        lines={textsAt(form.draft, "samples.prompts")}
        disabled={every === 0}
        onChange={(lines) => form.set("samples.prompts", lines)}
        problem={form.problem("samples.prompts")}
        setting="samples.prompts"
      />
      {heldOut.length === 0 ? null : (
        <div className="form-add">
          <Button
            small
            look="quiet"
            icon={<ListPlus size={12} />}
            onPress={() =>
              form.setAll({
                "samples.prompts": heldOut,
                ...(every > 0 ? {} : { "samples.every": form.number("evaluateEvery") || usualEvery }),
              })
            }
          >
            {words.heldOutPrompts(heldOut.length)}
          </Button>
        </div>
      )}
    </>
  );
}
