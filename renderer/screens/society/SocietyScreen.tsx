import { Plus, UsersRound } from "lucide-react";
import { useMemo } from "react";
import { withWord } from "../../app/filled.ts";
import { go, useLists, useRoute } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { RunSelect } from "../../components/RunSelect.tsx";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { runsOfKind } from "../../stores/lists.ts";
import { text } from "../../text/en.ts";
import { SocietyRun } from "./SocietyRun.tsx";
import { SocietySetup } from "./SocietySetup.tsx";
import "./SocietyScreen.css";

const words = text.society;

/**
 * `#/society/new` sets one up (`/<run>`: with its settings; `/with/<setting>/<value>`: with that filled in),
 * `#/society/<run>` watches one.
 */
export function SocietyScreen() {
  const { path } = useRoute();
  const loaded = useLists((lists) => lists.loaded);
  const runs = useLists((lists) => lists.runs);
  const societies = useMemo(() => runsOfKind(runs, "society"), [runs]);
  const [first, second] = path;
  if (first === "new") {
    const template = second === withWord ? null : (second ?? null);
    return <SocietySetup key={template} template={template} />;
  }
  const run = societies.find((society) => society.run === first) ?? (first === undefined ? societies[0] : undefined);
  if (run !== undefined) return <SocietyRun key={run.run} run={run} societies={societies} />;
  return (
    <div className="screen">
      <ScreenBar title={words.title} actions={<NewSociety />}>
        {societies.length === 0 ? null : (
          <RunSelect label={words.choose} runs={societies} value={null} onChange={(key) => go("society", key)} />
        )}
      </ScreenBar>
      <div className="screen-body">
        {loaded ? (
          <EmptyState
            icon={<UsersRound size={32} strokeWidth={1.25} />}
            title={words.none}
            actions={<NewSociety primary />}
          >
            {words.noneText}
          </EmptyState>
        ) : null}
      </div>
    </div>
  );
}

export function NewSociety({ primary }: { readonly primary?: boolean }) {
  return (
    <Button look={primary ? "primary" : "plain"} icon={<Plus size={14} />} onPress={() => go("society", "new")}>
      {words.new}
    </Button>
  );
}
