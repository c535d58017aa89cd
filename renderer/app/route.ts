/** Where in the workbench a person is, as the part of the address after `#`: copyable, with back and forward. */

export const screens = [
  "home",
  "models",
  "society",
  "dialogues",
  "data",
  "align",
  "evaluate",
  "exports",
  "settings",
] as const;
export type Screen = (typeof screens)[number];

export interface Route {
  readonly screen: Screen;
  /** What is selected there: a run, then e.g. an interaction. */
  readonly path: readonly string[];
}

/** `#/dialogues/village-3/r2-a7`; anything unknown is Home. */
export function parseRoute(hash: string): Route {
  const [screen = "", ...path] = hash.replace(/^#\/?/, "").split("/").map(decode);
  const known = screens.find((candidate) => candidate === screen);
  return known === undefined
    ? { screen: "home", path: [] }
    : { screen: known, path: path.filter((part) => part !== "") };
}

export function formatRoute(screen: Screen, ...path: readonly string[]): string {
  return `#/${[screen, ...path].map(encodeURIComponent).join("/")}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
