/** What is done with files that were dropped together. Pure. */
import type { Screen } from "../route.ts";
import type { FileKind } from "./fileKind.ts";

export interface DroppedFile {
  readonly name: string;
  /** Null in a browser, which tells no page where a file lies. */
  readonly path: string | null;
  readonly kind: FileKind;
}

/** A form with one path filled in. */
export interface FilledForm {
  readonly screen: Screen;
  readonly setting: string;
  readonly path: string;
}

export interface DropPlan {
  readonly models: readonly string[];
  readonly folders: readonly string[];
  /** Copied into the workspace. */
  readonly imports: readonly string[];
  readonly form: FilledForm | null;
  /** Those that are none of ours. */
  readonly unknown: readonly DroppedFile[];
  /** Those for which a form has only one place, and another came first. */
  readonly second: readonly DroppedFile[];
  /** Those whose place is not known: a person must choose them again, on this screen. */
  readonly placeless: { readonly files: readonly DroppedFile[]; readonly screen: Screen } | null;
}

/** @param screen that is looked at: a form there is meant, where it takes such a file */
export function planDrop(files: readonly DroppedFile[], screen: Screen): DropPlan {
  const known = files.filter(({ kind }) => kind !== "unknown");
  const placed = known.flatMap(({ path, ...file }) => (path === null ? [] : [{ ...file, path }]));
  const placeless = known.filter(({ path }) => path === null);
  const pathsOf = (kind: FileKind) => placed.filter((file) => file.kind === kind).map(({ path }) => path);
  const fitting = placed.flatMap((file) => {
    const place = formFor(file.kind, screen);
    return place === null ? [] : [{ file, form: { ...place, path: file.path } }];
  });
  const [first, ...second] = fitting;
  return {
    models: pathsOf("model"),
    folders: pathsOf("folder"),
    imports: screen === "align" ? [] : pathsOf("data"),
    form: first?.form ?? null,
    unknown: files.filter(({ kind }) => kind === "unknown"),
    second: second.map(({ file }) => file),
    placeless: placeless[0] === undefined ? null : { files: placeless, screen: screenFor(placeless[0].kind, screen) },
  };
}

/** The form that a file of this kind goes into; null where it goes into a list. */
function formFor(kind: FileKind, screen: Screen): Omit<FilledForm, "path"> | null {
  switch (kind) {
    case "questions":
      return screen === "evaluate"
        ? { screen, setting: "questions" }
        : { screen: "society", setting: "questions.path" };
    case "heldOut":
      return { screen: "evaluate", setting: "questions" };
    case "prior":
      return { screen: "society", setting: "priorMemory.path" };
    case "data":
      return screen === "align" ? { screen, setting: "data" } : null;
    default:
      return null;
  }
}

function screenFor(kind: FileKind, screen: Screen): Screen {
  return formFor(kind, screen)?.screen ?? (kind === "data" ? "data" : "models");
}
