import { useState } from "react";

/**
 * Whether any of several number fields holds something that it did not give on: what they are for then waits.
 * @returns that, and the listener of the field of a name; it must have the same name as long as the field stands
 */
export function useRefused(): [boolean, (name: string) => (refused: boolean) => void] {
  const [names, setNames] = useState<ReadonlySet<string>>(new Set());
  const listen = (name: string) => (refused: boolean) =>
    setNames((known) => new Set(refused ? [...known, name] : [...known].filter((one) => one !== name)));
  return [names.size > 0, listen];
}
