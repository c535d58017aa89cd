import type { RunDetails, RunSnapshot } from "../../../core/contract/workbench/runs.ts";
import { type Request, useNow } from "../../app/hooks.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { Facts, Panel } from "../../components/Panel.tsx";
import { formatBytes, formatCount, formatSignificant, unknown } from "../../format/numbers.ts";
import { formatAgo } from "../../format/time.ts";
import { text } from "../../text/en.ts";
import { MemoryPanel } from "./MemoryPanel.tsx";
import { settingsFacts } from "./settingsFacts.ts";
import type { Checkpoints } from "./useCheckpoints.ts";

const words = text.align;

/** Beside the curves: what can be exported, what the run was told, and what memory it took. */
export function AlignSide(props: {
  readonly checkpoints: Checkpoints;
  readonly details: Request<RunDetails>;
  readonly snapshot: RunSnapshot | null;
}) {
  return (
    <div className="panels readable align-side">
      <CheckpointsPanel checkpoints={props.checkpoints} />
      <SettingsPanel details={props.details} />
      <MemoryPanel snapshot={props.snapshot} />
    </div>
  );
}

function CheckpointsPanel({ checkpoints }: { readonly checkpoints: Checkpoints }) {
  const now = useNow();
  const { entries, last } = checkpoints;
  const columns = words.checkpointColumns;
  return (
    <Panel title={words.checkpoints}>
      {entries === null || entries.length === 0 ? (
        <p className="quiet">{words.noCheckpoints}</p>
      ) : (
        <table className="plain-table checkpoint-table">
          <thead>
            <tr>
              <th>{columns.step}</th>
              <th className="end">{columns.loss}</th>
              <th className="end">{columns.at}</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((checkpoint) => (
              <tr key={checkpoint.step} title={`${checkpoint.directory}, ${formatBytes(checkpoint.bytes)}`}>
                <td>
                  <span className="checkpoint-step">
                    {formatCount(checkpoint.step)}
                    {checkpoint.best ? <span className="badge good">{words.best}</span> : null}
                    {checkpoint.step === last ? <span className="badge">{words.last}</span> : null}
                  </span>
                </td>
                <td className="end">
                  {checkpoint.evaluationLoss === null ? unknown : formatSignificant(checkpoint.evaluationLoss)}
                </td>
                <td className="end quiet">{formatAgo(checkpoint.at, now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

/** The frozen settings that people ask for first; the rest is in config.json. */
function SettingsPanel({ details: { data, error } }: { readonly details: Request<RunDetails> }) {
  if (data === null) return error === null ? null : <ErrorNote error={error} />;
  return (
    <Panel title={words.settings}>
      <Facts facts={settingsFacts(data.config)} />
    </Panel>
  );
}
