import type { AdapterEntry } from "../../../core/contract/workbench/models.ts";
import { formatBytes, formatCount } from "../../format/numbers.ts";
import { text } from "../../text/en.ts";

const words = text.models;

export function AdapterList({ adapters }: { readonly adapters: readonly AdapterEntry[] }) {
  return (
    <ul className="adapter-list">
      {adapters.map((adapter) => (
        <li key={adapter.path}>
          <span className="truncate" title={adapter.path}>
            {adapter.name}
          </span>
          <span className="fine numeric">
            {adapter.rank === null ? "" : words.rank(adapter.rank)} · {formatBytes(adapter.bytes)}
            {adapter.run === null ? "" : ` · ${origin(adapter.name, adapter.run, formatCount(adapter.step))}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The run is not named twice where the adapter is called after it. */
function origin(name: string, run: string, step: string): string {
  return name === run ? words.step(step) : words.fromRun(run, step);
}
