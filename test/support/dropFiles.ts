/** Files dropped on the window, as a hand from the file manager would. */
import type { Page } from "playwright-core";

export interface SyntheticFile {
  readonly name: string;
  readonly content: string;
}

/** Drags the files over the page; `drop` lets them go. */
export async function dragFiles(page: Page, files: readonly SyntheticFile[], drop: boolean): Promise<void> {
  await page.evaluate(
    `((files, drop) => {
      const transfer = new DataTransfer();
      for (const { name, content } of files) transfer.items.add(new File([content], name));
      const send = (type) =>
        document.body.dispatchEvent(
          new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }),
        );
      // True when nobody took it: the browser would then leave the page for the file.
      if (send("dragover")) throw new Error("The page does not take files.");
      if (drop && send("drop")) throw new Error("The page lets the browser open the file.");
    })(${JSON.stringify(files)}, ${drop})`,
  );
}

export const dropFiles = (page: Page, ...files: SyntheticFile[]): Promise<void> => dragFiles(page, files, true);
