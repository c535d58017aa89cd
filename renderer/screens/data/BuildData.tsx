import { Hammer } from "lucide-react";
import { useMemo, useState } from "react";
import type { z } from "zod";
import type { dataSettings } from "../../../core/contract/alignment.ts";
import { go, useLists, useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { CheckInput, Segmented } from "../../components/choices.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { TextInput } from "../../components/fields.tsx";
import { NumberInput } from "../../components/NumberInput.tsx";
import { Panel } from "../../components/Panel.tsx";
import { SplitPanes } from "../../components/SplitPanes.tsx";
import { useRefused } from "../../components/useRefused.ts";
import { formatCount } from "../../format/numbers.ts";
import { Row, Section } from "../../forms/Section.tsx";
import { useSettled } from "../../forms/useSettingsForm.ts";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { runsOfKind } from "../../stores/lists.ts";
import { text } from "../../text/en.ts";
import { BuildFunnel } from "./BuildFunnel.tsx";
import { RowBrowser } from "./RowBrowser.tsx";

const words = text.data.setup;

type Settings = Required<
  Pick<z.infer<typeof dataSettings>, "semantics" | "seed" | "mixture" | "maxRejected" | "minimumScore">
>;

const first: Settings = {
  semantics: "paper",
  seed: 1,
  mixture: { imitation: 5, "self-critic": 1, realignment: 1 },
  maxRejected: 3,
  minimumScore: 1,
};

/** Choose societies and settings on the left; counts and real rows on the right before anything is written. */
export function BuildData({ run }: { readonly run: string | null }) {
  const workbench = useWorkbench();
  const { client } = workbench;
  const all = useLists((lists) => lists.runs);
  const societies = useMemo(() => runsOfKind(all, "society"), [all]);
  const [runs, setRuns] = useState<readonly string[]>(run === null ? [] : [run]);
  const [settings, setSettings] = useState<Settings>(first);
  const [name, setName] = useState("");
  const [building, setBuilding] = useState(false);
  const [isRefused, refusedOf] = useRefused();
  const question = useSettled(JSON.stringify({ runs, settings }));
  const asked = useMemo(() => JSON.parse(question) as { runs: string[]; settings: Settings }, [question]);
  const preview = useRequest(
    () => (asked.runs.length === 0 ? null : client.data.preview({ ...asked, page: { limit: 1 } })),
    [asked],
  );
  const change = (part: Partial<Settings>) => setSettings({ ...settings, ...part });
  const build = async () => {
    setBuilding(true);
    const set = await workbench.attempt(() =>
      client.data.build({ runs: [...runs], settings, ...(name.trim() === "" ? {} : { name }) }),
    );
    setBuilding(false);
    if (set !== null) go("data", set.id);
  };
  return (
    <div className="screen">
      <ScreenBar title={words.title} />
      <div className="screen-body">
        <SplitPanes
          id="data-build"
          panes={[
            { id: "form", minimum: 280, start: 460 },
            { id: "preview", minimum: 400 },
          ]}
        >
          <div className="form-pane">
            <div className="form-scroll">
              <Section title={words.runs} open>
                {societies.length === 0 ? <p className="quiet">{words.noRuns}</p> : null}
                {societies.map((society) => (
                  <CheckInput
                    key={society.run}
                    value={runs.includes(society.run)}
                    onChange={(on) => setRuns(on ? [...runs, society.run] : runs.filter((one) => one !== society.run))}
                    label={
                      <span className="truncate">
                        {society.name} <span className="fine">{society.headline}</span>
                      </span>
                    }
                  />
                ))}
              </Section>
              <BuildFields settings={settings} onChange={change} refusedOf={refusedOf} />
              <div className="section-body form-head">
                <TextInput label={words.name} value={name} onChange={setName} placeholder={words.nameEmpty} />
              </div>
            </div>
            <div className="form-foot">
              <span className="grow" />
              <Button
                look="primary"
                icon={<Hammer size={14} />}
                isDisabled={runs.length === 0 || building || isRefused || preview.data?.total === 0}
                onPress={() => void build()}
              >
                {words.start}
              </Button>
            </div>
          </div>
          <div className="panels data-set">
            {runs.length === 0 ? (
              <EmptyState title={words.chooseRuns} />
            ) : preview.error !== null ? (
              <div className="pane-error">
                <ErrorNote error={preview.error} />
              </div>
            ) : preview.data === null ? null : (
              <>
                <Panel title={words.counts} actions={<b className="numeric">{formatCount(preview.data.total)}</b>}>
                  <BuildFunnel counts={preview.data.counts} />
                </Panel>
                <RowBrowser id={question} fetch={(page) => client.data.preview({ ...asked, page })} />
              </>
            )}
          </div>
        </SplitPanes>
      </div>
    </div>
  );
}

function BuildFields({
  settings,
  onChange,
  refusedOf,
}: {
  readonly settings: Settings;
  readonly onChange: (part: Partial<Settings>) => void;
  readonly refusedOf: (field: string) => (refused: boolean) => void;
}) {
  const { mixture } = settings;
  const weight = (kind: keyof Settings["mixture"]) => (
    <NumberInput
      key={kind}
      label={text.data.kinds[kind]}
      value={mixture[kind]}
      minimum={0}
      onChange={(n) => onChange({ mixture: { ...mixture, [kind]: n ?? 0 } })}
      onRefused={refusedOf(kind)}
      setting={`mixture.${kind}`}
    />
  );
  return (
    <Section title={words.mixture} open>
      <Row>{(["imitation", "self-critic", "realignment"] as const).map(weight)}</Row>
      <p className="field-explanation">{words.mixtureText}</p>
      <Row>
        <NumberInput
          label={words.minimumScore}
          value={settings.minimumScore}
          minimum={1}
          maximum={7}
          step={0.5}
          onChange={(n) => onChange({ minimumScore: n ?? 1 })}
          onRefused={refusedOf("minimumScore")}
          setting="minimumScore"
        />
        <NumberInput
          label={words.maxRejected}
          value={settings.maxRejected}
          minimum={0}
          step={1}
          onChange={(n) => onChange({ maxRejected: n ?? 0 })}
          onRefused={refusedOf("maxRejected")}
          setting="maxRejected"
        />
        <NumberInput
          label={words.seed}
          value={settings.seed}
          minimum={0}
          step={1}
          onChange={(n) => onChange({ seed: n ?? 0 })}
          onRefused={refusedOf("seed")}
          setting="seed"
        />
      </Row>
      <Segmented
        label={words.semantics}
        value={settings.semantics}
        onChange={(semantics) => onChange({ semantics })}
        choices={(["paper", "reference"] as const).map((id) => ({ id, name: words.semanticsChoices[id] }))}
      />
    </Section>
  );
}
