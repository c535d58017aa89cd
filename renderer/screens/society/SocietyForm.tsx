/** What the form of a society has beside its described fields: presets, and the models that speak. */
import { Button } from "../../components/Button.tsx";
import { equalSettings } from "../../forms/settings.ts";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";
import { type PresetName, presets } from "./presets.ts";

const words = text.society.setup;

/** Worlds to start from. The one that the form shows is marked. */
export function Presets({ form }: { readonly form: SettingsForm }) {
  return (
    <div className="field">
      <span className="field-label">{words.preset}</span>
      <div className="preset-list">
        {(Object.keys(presets) as PresetName[]).map((name) => (
          <Button
            key={name}
            small
            hint={words.presetTexts[name]}
            pressed={Object.entries(presets[name]).every(([setting, value]) =>
              equalSettings(form.value(setting), value),
            )}
            onPress={() => form.setAll(presets[name])}
          >
            {words.presets[name]}
          </Button>
        ))}
      </div>
    </div>
  );
}
