import { type ReactNode, useCallback, useState } from "react";
import { useSurroundings, useWorkbench } from "../app/hooks.ts";
import { FilePicker, type PickRequest } from "./FilePicker.tsx";

/** Lets a person choose a file or folder: by the system's dialog where the face has one, else by our own. */
export function usePick(): { pick: (request: PickRequest) => Promise<string | null>; picker: ReactNode } {
  const workbench = useWorkbench();
  const native = useSurroundings((surroundings) => surroundings.capabilities.nativeDialogs);
  const folders = useSurroundings((surroundings) => surroundings.settings?.folders);
  const [open, setOpen] = useState<{ request: PickRequest; answer: (path: string | null) => void } | null>(null);
  const pick = useCallback(
    async (request: PickRequest) => {
      const start = folders?.[request.remember] ?? null;
      const path = native
        ? await workbench.attempt(async () => {
            const { title, kind, endings } = request;
            const { paths } = await workbench.client.shell.pick({ title, kind, endings: [...(endings ?? [])], start });
            return paths[0] ?? null;
          })
        : await new Promise<string | null>((answer) => setOpen({ request, answer }));
      if (path !== null)
        void workbench.changeSettings({ folders: { [request.remember]: folderOf(path, request.kind) } });
      return path;
    },
    [workbench, native, folders],
  );
  const answer = (path: string | null) => {
    open?.answer(path);
    setOpen(null);
  };
  const picker =
    open === null ? null : (
      <FilePicker
        request={open.request}
        start={folders?.[open.request.remember] ?? null}
        onPick={answer}
        onClose={() => answer(null)}
      />
    );
  return { pick, picker };
}

/** The folder to start in next time. */
function folderOf(path: string, kind: PickRequest["kind"]): string {
  if (kind === "folder") return path;
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return end > 0 ? path.slice(0, end) : "/";
}
