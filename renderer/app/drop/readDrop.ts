/** Files out of a drop, with their kinds and, in the desktop window, with their places. */
import type { DesktopBridge } from "../../../core/contract/desktopBridge.ts";
import type { DroppedFile } from "./dropPlan.ts";
import { headBytes, kindOf, needsHead } from "./fileKind.ts";

/** True while files are dragged, not text or a link. */
export function holdsFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes("Files") ?? false;
}

/** @param bridge of the desktop window; undefined in a browser */
export async function readDrop(transfer: DataTransfer, bridge: DesktopBridge | undefined): Promise<DroppedFile[]> {
  // Both are empty after the event: what is needed of them is taken before anything is waited for.
  const folders = new Set(
    [...transfer.items]
      .map((item) => item.webkitGetAsEntry?.() ?? null)
      .filter((entry) => entry?.isDirectory === true)
      .map((entry) => entry?.name),
  );
  const files = [...transfer.files];
  return Promise.all(
    files.map(async (file) => {
      const path = bridge?.pathOf(file) ?? null;
      if (folders.has(file.name)) return { name: file.name, path, kind: "folder" as const };
      const head = needsHead(file.name) ? await headOf(file) : "";
      return { name: file.name, path, kind: kindOf(file.name, head) };
    }),
  );
}

/** Empty where it cannot be read; then it is none of ours. */
async function headOf(file: File): Promise<string> {
  try {
    return await file.slice(0, headBytes).text();
  } catch {
    return "";
  }
}
