import { compareMemory, differenceOf, type MemoryFigures } from "../../../core/contract/trainingMemory.ts";
import type { RunSnapshot } from "../../../core/contract/workbench/runs.ts";
import { Panel } from "../../components/Panel.tsx";
import { formatBytes, formatDecimal, unknown } from "../../format/numbers.ts";
import { text } from "../../text/en.ts";

const words = text.align.memory;

/** What an ended training took beside what was expected of it, part by part; nothing before its end. */
export function MemoryPanel({ snapshot }: { readonly snapshot: RunSnapshot | null }) {
  const memory = compareMemory(snapshot?.result ?? null);
  if (memory === null) return null;
  const { parts, total, besideCard } = memory;
  return (
    <Panel title={words.title}>
      <table className="plain-table memory-table">
        <thead>
          <tr>
            <th />
            <th className="end">{words.measured}</th>
            <th className="end" title={words.estimatedText}>
              {words.estimated}
            </th>
            <th className="end" title={words.differenceText}>
              {words.difference}
            </th>
          </tr>
        </thead>
        <tbody>
          {parts.map(({ part, ...figures }) => (
            <Row key={part} name={words.parts[part]} figures={figures} />
          ))}
        </tbody>
        <tfoot>
          <Row name={words.total} figures={total} />
        </tfoot>
      </table>
      {besideCard === null ? null : <p className="fine">{words.besideCard(formatBytes(besideCard))}</p>}
    </Panel>
  );
}

function Row({ name, figures }: { readonly name: string; readonly figures: MemoryFigures }) {
  const difference = differenceOf(figures);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="end">{formatBytes(figures.measured)}</td>
      <td className="end quiet">{formatBytes(figures.estimated)}</td>
      <td className="end quiet">{difference === null ? unknown : `${formatDecimal(difference * 100, 0, true)} %`}</td>
    </tr>
  );
}
