import { useCallback, useMemo, useState } from "react";
import { societyConfig } from "../../../core/contract/society.ts";
import type { SettingProblem } from "../../../core/contract/workbench/common.ts";
import type { WorldPreview } from "../../../core/contract/workbench/society.ts";
import { useRequest, useWorkbench } from "../../app/hooks.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { Panel } from "../../components/Panel.tsx";
import type { Library } from "../../contractTypes.ts";
import { formatCount } from "../../format/numbers.ts";
import { Problems } from "../../forms/Problems.tsx";
import { type JobForm, SetupScreen } from "../../forms/SetupScreen.tsx";
import { type SettingsDraft, settingAt, withSetting } from "../../forms/settings.ts";
import { useSetup } from "../../forms/useSetup.ts";
import type { GridAgent } from "../../grid/drawGrid.ts";
import { GridLegend, SocietyGrid } from "../../grid/SocietyGrid.tsx";
import { text } from "../../text/en.ts";
import { societyHead, societySections } from "./fields.ts";
import { PopulationFields } from "./PopulationFields.tsx";
import { Presets } from "./SocietyForm.tsx";

const words = text.society.setup;
const job: JobForm = {
  id: "society-setup",
  title: words.title,
  startLabel: words.start,
  head: societyHead,
  sections: societySections,
  own: { populations: PopulationFields },
};

/** The form on the left, the world that it makes on the right. `template`: a run whose settings to start from. */
export function SocietySetup({ template }: { readonly template: string | null }) {
  const { client } = useWorkbench();
  const defaults = useRequest<SettingsDraft>(() => client.society.defaults(), []);
  const setup = useSetup({
    screen: "society",
    schema: societyConfig,
    service: client.society,
    template,
    usual: async () => withFirstModel(await client.society.defaults(), await client.models.list()),
    defaults: defaults.data,
  });
  const preview = setup.checked.data;
  return (
    <SetupScreen
      job={job}
      setup={setup}
      before={(form) => <Presets form={form} />}
      counts={preview === null || preview.agents.length === 0 ? "" : counts(preview)}
      side={(form) => (
        <Panel title={words.preview} flush className="preview-panel">
          {setup.checked.error === null ? null : <ErrorNote error={setup.checked.error} />}
          {preview === null ? null : <Preview preview={preview} problems={setup.problems} onSeek={form.seek} />}
        </Panel>
      )}
    />
  );
}

/** A society needs a model, and most people mean the first one they have. */
function withFirstModel(defaults: SettingsDraft, { models }: Library): SettingsDraft {
  const first = models.find((model) => model.description !== null);
  const populations = settingAt(defaults, "populations");
  if (first === undefined || (Array.isArray(populations) && populations.length > 0)) return defaults;
  return withSetting(defaults, "populations", [{ model: first.path, adapter: null, share: 1 }]);
}

function counts(preview: WorldPreview): string {
  return words.counts(
    formatCount(preview.agents.length),
    formatCount(preview.interactions),
    formatCount(preview.calls),
  );
}

function Preview(props: {
  readonly preview: WorldPreview;
  readonly problems: readonly SettingProblem[];
  readonly onSeek: (setting: string) => void;
}) {
  const { preview } = props;
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
      <Problems problems={props.problems} sections={societySections} onSeek={props.onSeek} />
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
