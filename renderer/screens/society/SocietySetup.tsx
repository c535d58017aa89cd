import { Play } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { FolkmootError } from "../../../core/contract/errors.ts";
import type { SettingProblem } from "../../../core/contract/workbench/common.ts";
import type { WorldPreview } from "../../../core/contract/workbench/society.ts";
import { go, useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { Panel } from "../../components/Panel.tsx";
import { SplitPanes } from "../../components/SplitPanes.tsx";
import { fromWire } from "../../connection/wireErrors.ts";
import type { Library } from "../../contractTypes.ts";
import { formatCount } from "../../format/numbers.ts";
import { Problems } from "../../forms/Problems.tsx";
import { problemFromError, type SettingsDraft, settingAt, withSetting } from "../../forms/settings.ts";
import { useSettingsForm, useSettled } from "../../forms/useSettingsForm.ts";
import type { GridAgent } from "../../grid/drawGrid.ts";
import { GridLegend, SocietyGrid } from "../../grid/SocietyGrid.tsx";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";
import { SocietyForm } from "./SocietyForm.tsx";

const words = text.society.setup;

/** The form on the left, the world that it makes on the right. `template`: a run whose settings to start from. */
export function SocietySetup({ template }: { readonly template: string | null }) {
  const { client } = useWorkbench();
  const initial = useRequest<SettingsDraft>(async () => {
    if (template === null) return withFirstModel(await client.society.defaults(), await client.models.list());
    const { config } = await client.runs.get({ run: template });
    return config as SettingsDraft;
  }, [template]);
  const [problems, setProblems] = useState<readonly SettingProblem[]>([]);
  const [refused, setRefused] = useState<readonly SettingProblem[]>([]);
  const form = useSettingsForm(initial.data, problems, refused);
  const draft = useSettled(form?.draft ?? null);
  const preview = useRequest(() => (draft === null ? null : client.society.preview({ config: draft })), [draft]);
  useEffect(() => {
    if (preview.data === null) return;
    setProblems(preview.data.problems);
    setRefused([]);
  }, [preview.data]);
  const start = useStart(form?.draft ?? null, (problem) => setRefused([problem]));
  if (initial.error !== null) return <ErrorNote error={initial.error} />;
  return (
    <div className="screen">
      <ScreenBar title={words.title} />
      <div className="screen-body">
        {form === null ? null : (
          <SplitPanes
            id="society-setup"
            panes={[
              { id: "form", minimum: 320, start: 460 },
              { id: "preview", minimum: 300 },
            ]}
          >
            <div className="form-pane">
              <div className="form-scroll">
                <SocietyForm form={form} name={start.name} onName={start.setName} />
              </div>
              {start.error === null ? null : (
                <div className="run-error">
                  <ErrorNote error={start.error}>
                    {start.error.details.overridable === true ? (
                      <Button small onPress={() => start.run(true)}>
                        {words.startAnyway}
                      </Button>
                    ) : null}
                  </ErrorNote>
                </div>
              )}
              <div className="form-foot">
                <span className="grow fine numeric">{preview.data === null ? "" : counts(preview.data)}</span>
                <Button
                  look="primary"
                  icon={<Play size={14} />}
                  isDisabled={start.starting || (preview.data?.problems.length ?? 1) > 0}
                  onPress={() => start.run(false)}
                >
                  {words.start}
                </Button>
              </div>
            </div>
            <Panel title={words.preview} flush className="preview-panel">
              {preview.error !== null ? (
                <ErrorNote error={preview.error} />
              ) : preview.data === null ? null : (
                <Preview preview={preview.data} refused={refused} />
              )}
            </Panel>
          </SplitPanes>
        )}
      </div>
    </div>
  );
}

/** A society needs a model, and most people mean the first one they have. */
function withFirstModel(defaults: SettingsDraft, { models }: Library): SettingsDraft {
  const first = models.find((model) => model.description !== null);
  const populations = settingAt(defaults, "populations");
  if (first === undefined || (Array.isArray(populations) && populations.length > 0)) return defaults;
  return withSetting(defaults, "populations", [{ model: first.path, adapter: null, share: 1 }]);
}

function useStart(draft: SettingsDraft | null, onProblem: (problem: SettingProblem) => void) {
  const { client } = useWorkbench();
  const [name, setName] = useState("");
  const [starting, setStarting] = useState(false);
  const [error, setError] = useState<FolkmootError | null>(null);
  const run = async (overMemoryCeiling: boolean) => {
    if (draft === null) return;
    setStarting(true);
    setError(null);
    try {
      const config = draft as Parameters<typeof client.society.start>[0]["config"];
      const started = await client.society.start({
        config,
        overMemoryCeiling,
        ...(name.trim() === "" ? {} : { name }),
      });
      go("society", started.run ?? started.job);
    } catch (thrown) {
      const failure = fromWire(thrown);
      const problem = problemFromError(failure);
      if (problem === null) setError(failure);
      else onProblem(problem);
    }
    setStarting(false);
  };
  return { name, setName, starting, error, run: (over: boolean) => void run(over) };
}

function counts(preview: WorldPreview): string {
  return words.counts(
    formatCount(preview.agents.length),
    formatCount(preview.interactions),
    formatCount(preview.calls),
  );
}

function Preview({
  preview,
  refused,
}: {
  readonly preview: WorldPreview;
  readonly refused: readonly SettingProblem[];
}) {
  const [selected, setSelected] = useState<number | null>(null);
  const agents = useMemo<readonly GridAgent[]>(
    () => preview.agents.map(({ label }) => ({ label, move: "idle", peers: [], rating: "unborn" })),
    [preview],
  );
  const last = preview.agents.at(-1);
  const related = useCallback((agent: number) => preview.agents[agent]?.neighbours ?? [], [preview]);
  const subscribe = useCallback(() => () => {}, []);
  return (
    <div className="preview">
      <Problems problems={[...preview.problems, ...refused]} />
      {last === undefined ? (
        <EmptyState title={words.problems} />
      ) : (
        <div className="society-main">
          <div className="society-canvas">
            <SocietyGrid
              label={words.preview}
              shape={{ rows: last.row + 1, columns: last.column + 1 }}
              agents={() => agents}
              subscribe={subscribe}
              selected={selected !== null && selected < agents.length ? selected : null}
              onSelect={setSelected}
              related={related}
              describe={(index) => describe(preview, index)}
            />
          </div>
          <GridLegend preview />
        </div>
      )}
      {preview.shortOfPeers > 0 ? (
        <p className="preview-note">{words.shortOfPeers(formatCount(preview.shortOfPeers))}</p>
      ) : null}
    </div>
  );
}

function describe(preview: WorldPreview, index: number): string {
  const agent = preview.agents[index];
  if (agent === undefined) return "";
  return [
    text.society.grid.agent(agent.id, agent.row + 1, agent.column + 1, text.labels[agent.label]),
    text.society.grid.neighbours(agent.neighbours.length),
    ...(agent.persona === null ? [] : [agent.persona]),
  ].join(" · ");
}
