import type { Fit } from "../contractTypes.ts";
import { formatBytes } from "../format/numbers.ts";
import { text } from "../text/en.ts";
import { Facts } from "./Panel.tsx";

const words = text.align.setup;

/** What a job takes, part by part, against what is free; an estimate says that it is one. */
export function MemoryEstimate(props: {
  /** Name, bytes, design token. */
  readonly parts: readonly (readonly [string, number, string])[];
  readonly free: number;
  readonly verdict: Fit["verdict"];
  /** Where the figures come from; default: estimated from shapes. */
  readonly source?: string;
}) {
  // What a job does not need is no line.
  const parts = props.parts.filter(([, bytes]) => bytes > 0);
  const total = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  const scale = Math.max(total, props.free, 1);
  return (
    <div>
      <p>
        <b className="numeric">{formatBytes(total)}</b>{" "}
        <span className={`badge ${verdictLook[props.verdict]}`}>{words.verdicts[props.verdict]}</span>{" "}
        <span className="fine">{props.source ?? words.estimated}</span>
      </p>
      <div className="memory-bar" aria-hidden>
        {parts.map(([name, bytes, color]) => (
          <i key={name} style={{ width: `${(bytes / scale) * 100}%`, background: `var(${color})` }} />
        ))}
      </div>
      <Facts
        facts={[
          ...parts.map(
            ([name, bytes, color]) =>
              [
                name,
                <span key={name}>
                  <span className="memory-key" style={{ background: `var(${color})` }} />
                  {formatBytes(bytes)}
                </span>,
              ] as const,
          ),
          [words.memoryParts.free, formatBytes(props.free)],
        ]}
      />
    </div>
  );
}

export const verdictLook: Readonly<Record<Fit["verdict"], string>> = {
  fits: "good",
  tight: "warning",
  "does-not-fit": "bad",
};
