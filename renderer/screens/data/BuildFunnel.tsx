import type { BuildCounts } from "../../../core/contract/workbench/data.ts";
import { formatCount } from "../../format/numbers.ts";
import { text } from "../../text/en.ts";

const words = text.data;
const kinds = ["imitation", "self-critic", "realignment"] as const;

/** Rows by kind as one bar, with names and numbers. */
export function KindBar(props: { readonly kinds: Readonly<Record<(typeof kinds)[number], number>> }) {
  return (
    <div>
      <div className="kind-bar" aria-hidden>
        {kinds.map((kind) => (
          <i key={kind} style={{ flexGrow: props.kinds[kind], background: `var(${words.kindColors[kind]})` }} />
        ))}
      </div>
      <p className="kind-keys">
        {kinds.map((kind) => (
          <span key={kind}>
            <i className="memory-key" style={{ background: `var(${words.kindColors[kind]})` }} />
            {words.kinds[kind]} <b className="numeric">{formatCount(props.kinds[kind])}</b>
          </span>
        ))}
      </p>
    </div>
  );
}

/** From what was examined to what is kept, with the reasons for what is not. */
export function BuildFunnel({ counts }: { readonly counts: BuildCounts }) {
  const { funnel } = words.setup;
  return (
    <div className="funnel">
      <table className="plain-table">
        <thead>
          <tr>
            <th>{funnel.kind}</th>
            <th className="end">{funnel.examined}</th>
            <th className="end">{funnel.rows}</th>
            <th className="end">{funnel.kept}</th>
            <th>{funnel.reasons}</th>
          </tr>
        </thead>
        <tbody>
          {kinds.map((kind) => {
            const one = counts.kinds[kind];
            return (
              <tr key={kind}>
                <td>
                  <i className="memory-key" style={{ background: `var(${words.kindColors[kind]})` }} />
                  {words.kinds[kind]}
                </td>
                <td className="end">{formatCount(one.examined)}</td>
                <td className="end">{formatCount(one.rows)}</td>
                <td className="end">
                  <b>{formatCount(one.kept)}</b>
                </td>
                <td className="quiet">
                  {Object.entries(one.excluded)
                    .filter(([, count]) => count > 0)
                    .map(([reason, count]) => `${formatCount(count)} ${reasonText(reason, count)}`)
                    .join(", ")}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p className="fine numeric">
        {[
          words.setup.interactions(formatCount(counts.interactions)),
          words.setup.excluded(formatCount(counts.excludedByHand)),
          words.setup.corrections(formatCount(counts.corrections)),
        ].join(" · ")}
      </p>
    </div>
  );
}

/** A reason that this page does not know goes by its own name. */
function reasonText(reason: string, count: number): string {
  return words.setup.reasons[reason]?.[count === 1 ? 0 : 1] ?? reason;
}
