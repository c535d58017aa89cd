import { MessagesSquare, Plus, Scale } from "lucide-react";
import { useMemo } from "react";
import { withWord } from "../../app/filled.ts";
import { go, useLists, useRoute } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { NoRun } from "../../shell/NoRun.tsx";
import { runsOfKind } from "../../stores/lists.ts";
import { text } from "../../text/en.ts";
import { ChatView } from "./ChatView.tsx";
import { EvaluationRun } from "./EvaluationRun.tsx";
import { EvaluationSetup } from "./EvaluationSetup.tsx";
import "./EvaluateScreen.css";

const words = text.evaluate;

/**
 * `#/evaluate/<run>` reads one, `#/evaluate/new[/<run>|/with/<setting>/<value>]` sets one up, `#/evaluate/chat[/<alignment>|/model/<path>]`
 * talks to base and aligned at once.
 */
export function EvaluateScreen() {
  const { path } = useRoute();
  const runs = useLists((lists) => lists.runs);
  const evaluations = useMemo(() => runsOfKind(runs, "evaluation"), [runs]);
  const [first, second, third] = path;
  if (first === "new") {
    const template = second === withWord ? null : (second ?? null);
    return <EvaluationSetup key={template} template={template} />;
  }
  if (first === "chat")
    return (
      <ChatView
        key={path.join("/")}
        run={second === "model" ? null : (second ?? null)}
        model={second === "model" ? (third ?? null) : null}
      />
    );
  const run = evaluations.find((one) => one.run === first) ?? (first === undefined ? evaluations[0] : undefined);
  if (run !== undefined) return <EvaluationRun key={run.run} run={run} evaluations={evaluations} />;
  return (
    <NoRun
      words={words}
      icon={<Scale size={32} strokeWidth={1.25} />}
      runs={evaluations}
      onChoose={(key) => go("evaluate", key)}
      actions={<EvaluateButtons />}
    />
  );
}

export function EvaluateButtons() {
  return (
    <>
      <Button icon={<MessagesSquare size={14} />} onPress={() => go("evaluate", "chat")}>
        {words.chat}
      </Button>
      <Button icon={<Plus size={14} />} onPress={() => go("evaluate", "new")}>
        {words.new}
      </Button>
    </>
  );
}
