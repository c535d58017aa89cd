import { Copy, FolderOpen } from "lucide-react";
import { copy } from "../app/diagnostics.ts";
import { useSurroundings, useWorkbench } from "../app/hooks.ts";
import { text } from "../text/en.ts";
import { Button } from "./Button.tsx";

/** How one gets at a file: its path, and the folder where a file manager can be opened (a browser cannot). */
export function PathActions({ path }: { readonly path: string }) {
  const workbench = useWorkbench();
  const reveal = useSurroundings((surroundings) => surroundings.capabilities.reveal);
  return (
    <>
      {reveal ? (
        <Button
          small
          icon={<FolderOpen size={13} />}
          onPress={() => void workbench.attempt(() => workbench.client.shell.reveal({ path }))}
        >
          {text.actions.reveal}
        </Button>
      ) : null}
      <Button small icon={<Copy size={13} />} onPress={() => void copy(workbench, path)}>
        {text.actions.copyPath}
      </Button>
    </>
  );
}
