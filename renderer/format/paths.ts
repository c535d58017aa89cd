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
