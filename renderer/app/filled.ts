/** What an address puts into a form: `#/society/new/with/questions.path/<path>`. */
import { useEffect, useMemo } from "react";
import { useRoute } from "./hooks.ts";

/** The word after `new` that a setting and its value follow. */
export const withWord = "with";

interface Fillable {
  readonly setAll: (values: Readonly<Record<string, unknown>>) => void;
}

/** Fills the form in when it is there, and again whenever the address says something else. */
export function useFilled(form: Fillable | null): void {
  const { path } = useRoute();
  const [kind, word, setting, value] = path;
  const filled = kind === "new" && word === withWord && setting !== undefined && value !== undefined;
  const values = useMemo(() => (filled ? { [setting]: value } : null), [filled, setting, value]);
  const waits = form === null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the form is another object with every change of it
  useEffect(() => {
    if (values !== null) form?.setAll(values);
  }, [values, waits]);
}
