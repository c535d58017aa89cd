/** Why the settings are what they are; those that a person set by hand say so, with the way back. */
import { RotateCcw } from "lucide-react";
import { Button } from "../../components/Button.tsx";
import { Panel } from "../../components/Panel.tsx";
import type { SectionDescription } from "../../forms/description.ts";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";
import { dialWords } from "./dial.ts";

const words = text.align.setup;

export interface Reason {
  readonly setting: string;
  readonly reason: string;
}

/** What a person changed is not as it was derived. */
export function derivedOnly<One extends { readonly setting: string }>(
  { touched }: Pick<SettingsForm, "touched">,
  reasons: readonly One[],
): readonly One[] {
  return reasons.filter(({ setting }) => !touched.has(setting));
}

export function DialReasons(props: {
  readonly form: SettingsForm;
  readonly sections: readonly SectionDescription[];
  readonly reasons: readonly Reason[];
}) {
  const { form, sections, reasons } = props;
  return (
    <Panel title={words.derived}>
      {/* Focused when the button that had the focus goes away. */}
      <dl className="reasons" tabIndex={-1}>
        {reasons.map(({ setting, reason }) => {
          const shown = dialWords(sections, setting, form.value(setting));
          if (shown === null) return null;
          return (
            <div key={setting} data-reason={setting}>
              <dt>
                {shown.label} <b className="numeric">{shown.value}</b>
              </dt>
              {form.touched.has(setting) ? (
                <ByHand form={form} sections={sections} setting={setting} />
              ) : (
                <dd>{reason}</dd>
              )}
            </div>
          );
        })}
      </dl>
    </Panel>
  );
}

function ByHand(props: {
  readonly form: SettingsForm;
  readonly sections: readonly SectionDescription[];
  readonly setting: string;
}) {
  const { form, sections, setting } = props;
  const dial = dialWords(sections, setting, form.defaultOf(setting));
  return (
    <dd className="by-hand">
      <span>{words.byHand}</span>
      {dial === null ? null : (
        <Button
          small
          look="quiet"
          icon={<RotateCcw size={12} />}
          hint={words.toDial(dial.label, dial.value)}
          onPress={({ target }) => {
            const list = target.closest<HTMLElement>(".reasons");
            form.reset([setting]);
            list?.focus();
          }}
        />
      )}
    </dd>
  );
}
