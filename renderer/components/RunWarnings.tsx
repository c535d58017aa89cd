import { TriangleAlert } from "lucide-react";
import { formatCount } from "../format/numbers.ts";
import { text } from "../text/en.ts";
import "./RunWarnings.css";

/** Shown of the earlier ones; the rest is in events.jsonl. */
const mostEarlier = 20;

/** What went wrong in a run that goes on nevertheless: the last in full, those before it by a click. */
export function RunWarnings({ warnings }: { readonly warnings: readonly string[] }) {
  // By their first time: what a resumed run says again is not news.
  const [last, ...earlier] = [...new Set(warnings)].reverse();
  if (last === undefined) return null;
  return (
    <section className="run-warnings" aria-label={text.warnings.label} role="status">
      <TriangleAlert size={14} aria-hidden />
      <div>
        <p className="selectable">{last}</p>
        {earlier.length === 0 ? null : (
          <details>
            <summary>{text.warnings.earlier(formatCount(earlier.length))}</summary>
            <ul>
              {earlier.slice(0, mostEarlier).map((warning) => (
                <li key={warning} className="selectable">
                  {warning}
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </section>
  );
}
