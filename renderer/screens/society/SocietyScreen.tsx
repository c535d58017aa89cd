import { Plus, UsersRound } from "lucide-react";
import { useMemo } from "react";
import { withWord } from "../../app/filled.ts";
import { go, useLists, useRoute } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { NoRun } from "../../shell/NoRun.tsx";
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
    <NoRun
      words={words}
      icon={<UsersRound size={32} strokeWidth={1.25} />}
      runs={societies}
      onChoose={(key) => go("society", key)}
      actions={<NewSociety />}
      firstActions={<NewSociety primary />}
    />
  );
}

export function NewSociety({ primary }: { readonly primary?: boolean }) {
  return (
    <Button look={primary ? "primary" : "plain"} icon={<Plus size={14} />} onPress={() => go("society", "new")}>
      {words.new}
    </Button>
  );
}
