import { Panel } from "../../components/Panel.tsx";
import { text } from "../../text/en.ts";

/** What Folkmoot does, in the colours that it keeps everywhere. */
export function MethodPanel() {
  return (
    <Panel title={text.home.method}>
      <ol className="method">
        {text.home.methodSteps.map(([move, name, what]) => (
          <li key={move} className="method-step" style={{ "--move": `var(--${move})` } as React.CSSProperties}>
            <h3>{name}</h3>
            <p>{what}</p>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
