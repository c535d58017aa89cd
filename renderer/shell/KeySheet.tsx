import { Dialog } from "../components/Dialog.tsx";
import { text } from "../text/en.ts";
import { Keys } from "./Palette.tsx";
import "./KeySheet.css";

const { entries } = text.keySheet;
const groups: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    text.keySheet.everywhere,
    [
      ["Ctrl 1…8", entries.screens],
      ["Ctrl K", entries.palette],
      ["?", entries.keys],
      ["Esc", entries.close],
    ],
  ],
  [
    text.keySheet.lists,
    [
      ["J ↓", entries.next],
      ["K ↑", entries.previous],
      ["PgUp PgDn", entries.page],
      ["Home End", entries.ends],
      ["Enter", entries.open],
      ["/", entries.search],
    ],
  ],
  [
    text.keySheet.dialogues,
    [
      ["E", entries.exclude],
      ["T", entries.tag],
      ["R", entries.correct],
      ["C", entries.copy],
      ["P", entries.pin],
      ["D", entries.diff],
    ],
  ],
  [
    text.keySheet.grid,
    [
      ["← → ↑ ↓", entries.walk],
      ["Enter", entries.follow],
    ],
  ],
  [
    text.keySheet.charts,
    [
      ["← →", entries.pan],
      ["+ −", entries.zoom],
      ["0", entries.all],
    ],
  ],
];

export function KeySheet({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  return (
    <Dialog title={text.keySheet.title} open={open} onClose={onClose} width={680}>
      <div className="key-sheet">
        {groups.map(([name, keys]) => (
          <section key={name}>
            <h3>{name}</h3>
            <dl>
              {keys.map(([key, what]) => (
                <div key={key}>
                  <dt>{what}</dt>
                  <dd>
                    <Keys keys={key} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
