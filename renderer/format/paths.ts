/** Paths as people read them. */

/** The last part of a path, whatever its separator. */
export function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1) || path;
}

/** Everything before the last part; empty when there is none. */
export function folderName(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/"), path.lastIndexOf("\\")));
}

interface Listed {
  readonly path: string;
  readonly description: { readonly files: readonly { readonly path: string }[] } | null;
}

/** Under which path the list has the model that this file belongs to; a model may lie in several. */
export function listedPath(models: readonly Listed[], path: string): string {
  const holds = ({ description }: Listed) => description?.files.some((file) => file.path === path) ?? false;
  return models.find(holds)?.path ?? path;
}

interface Called {
  readonly path: string;
  readonly name: string;
}

/**
 * What each is called where several stand in a row, by its path: its name, with the file behind it where others have that
 * name too, and with its folder as well where files are called alike.
 */
export function distinctNames(listed: readonly Called[]): ReadonlyMap<string, string> {
  const shared = (word: (one: Called) => string) => {
    const groups = Map.groupBy(listed, word);
    return (one: Called) => (groups.get(word(one))?.length ?? 0) > 1;
  };
  const isNamesake = shared(({ name }) => name);
  const isTwin = shared(({ name, path }) => `${name}\n${fileName(path)}`);
  return new Map(
    listed.map((one) => {
      const file = isTwin(one) ? one.path : fileName(one.path);
      return [one.path, isNamesake(one) ? `${one.name} (${file})` : one.name];
    }),
  );
}
