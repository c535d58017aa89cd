import type { ModelCall } from "../../../core/contract/interaction.ts";
import { copy } from "../../app/diagnostics.ts";
import { useWorkbench } from "../../app/hooks.ts";
import { formatCount } from "../../format/numbers.ts";
import { text } from "../../text/en.ts";
import { Button } from "../Button.tsx";

const words = text.dialogues.thread;

/** Every model call of an interaction, exactly as it was made; closed until asked for. */
export function CallList({ calls }: { readonly calls: readonly ModelCall[] }) {
  return (
    <details className="calls">
      <summary>
        {words.calls} <span className="fine numeric">{calls.length}</span>
      </summary>
      <p className="fine">{words.callsText}</p>
      <ol>
        {calls.map((call, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: calls are in the order in which they were made
          <Call key={index} call={call} />
        ))}
      </ol>
    </details>
  );
}

function Call({ call }: { readonly call: ModelCall }) {
  const workbench = useWorkbench();
  return (
    <li>
      <details className="call">
        <summary>
          {words.roles[call.role]}
          {call.peer === null ? "" : ` · ${words.peer(call.peer)}`}
          <span className="fine numeric">
            {words.tokens(formatCount(call.promptTokens), formatCount(call.completionTokens))} · {words.seed(call.seed)}
          </span>
        </summary>
        <div className="call-texts">
          <h4>{words.prompt}</h4>
          <pre className="selectable">{call.prompt}</pre>
          <h4>{words.completion}</h4>
          <pre className="selectable">{call.completion}</pre>
          <Button small onPress={() => void copy(workbench, `${call.prompt}${call.completion}`)}>
            {text.actions.copy}
          </Button>
        </div>
      </details>
    </li>
  );
}
