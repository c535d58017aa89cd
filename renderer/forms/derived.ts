import { type SettingsDraft, settingAt, withSetting } from "./settings.ts";

/** The derived settings, with everything that a person changed left as it is. */
export function mergeDerived(
  draft: SettingsDraft,
  derived: SettingsDraft,
  touched: ReadonlySet<string>,
): SettingsDraft {
  const kept = new Set([...touched, "model", "data"]);
  return [...kept].reduce((result, name) => {
    const value = settingAt(draft, name);
    return value === undefined ? result : withSetting(result, name, value);
  }, derived);
}

/** Only the settings that there is a reason for, as they were derived. */
export function withDerived(
  draft: SettingsDraft,
  derived: SettingsDraft,
  reasons: readonly { readonly setting: string }[],
): SettingsDraft {
  return reasons.reduce((result, { setting }) => withSetting(result, setting, settingAt(derived, setting)), draft);
}
