import { CircleCheck, CircleSlash, Copy, MessagesSquare, PenLine, Pin, PinOff, Tag } from "lucide-react";
import { useEffect, useState } from "react";
import { z } from "zod";
import type { AnnotationChange, Dialogue } from "../../../core/contract/workbench/dialogues.ts";
import { copy } from "../../app/diagnostics.ts";
import { useFace, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { DialogueThread, type RevisionView } from "../../components/thread/DialogueThread.tsx";
import { isTyping } from "../../shell/Shell.tsx";
import { text } from "../../text/en.ts";
import { CorrectDialog } from "./CorrectDialog.tsx";
import { dialogueText } from "./dialogueText.ts";
import type { Target } from "./query.ts";
import { TagDialog } from "./TagDialog.tsx";
import { useDialogues } from "./useDialogues.ts";

const words = text.dialogues;
const mostPinned = 3;
const parseView = (value: unknown): RevisionView | null =>
  z.enum(["inline", "side", "clean"]).safeParse(value).data ?? null;

/** The thread of the chosen dialogue, with pinned ones beside it, and the single-key actions. */
export function DialogueReader(props: {
  readonly target: Target | null;
  /** Read ahead, so that the next key has its answer. */
  readonly neighbours: readonly Target[];
  readonly onChanged: () => void;
  /** j and k work from here as well. */
  readonly onStep: (step: number) => void;
}) {
  const workbench = useWorkbench();
  const { target } = props;
  const dialogues = useDialogues(target, props.neighbours);
  const [pinned, setPinned] = useState<readonly Dialogue[]>([]);
  const [view, setView] = useFace("dialogues.view", parseView);
  const [open, setOpen] = useState<"tag" | "correct" | null>(null);
  const { dialogue } = dialogues;
  const isPinned = dialogue !== null && pinned.some((one) => sameTarget(one, dialogue));

  const annotate = async (change: AnnotationChange) => {
    if (target === null) return;
    await workbench.attemptUndoable(() => workbench.client.dialogues.annotate({ change, targets: [target] }));
    dialogues.reload();
    props.onChanged();
  };
  const exclude = () =>
    dialogue !== null && void annotate({ kind: "exclude", excluded: !dialogue.annotations.excluded });
  const pin = () => {
    if (dialogue === null) return;
    setPinned(isPinned ? pinned.filter((one) => !sameTarget(one, dialogue)) : [...pinned, dialogue].slice(-mostPinned));
  };
  const actions: Readonly<Record<string, () => void>> = {
    e: exclude,
    t: () => setOpen("tag"),
    r: () => setOpen("correct"),
    c: () => dialogue !== null && void copy(workbench, dialogueText(dialogue)),
    p: pin,
    d: () => setView(view === "inline" ? "side" : view === "side" ? "clean" : "inline"),
    j: () => props.onStep(1),
    k: () => props.onStep(-1),
  };
  useKeys(dialogue === null || open !== null ? {} : actions);

  if (target === null)
    return (
      <EmptyState icon={<MessagesSquare size={28} strokeWidth={1.25} />} title={words.choose}>
        {words.chooseText}
      </EmptyState>
    );
  return (
    <div className="reader">
      <div className="reader-bar" role="toolbar" aria-label={words.thread.label}>
        <Button
          small
          look="quiet"
          isDisabled={dialogue === null}
          icon={dialogue?.annotations.excluded ? <CircleCheck size={13} /> : <CircleSlash size={13} />}
          keys="E"
          onPress={exclude}
        >
          {dialogue?.annotations.excluded ? words.actions.include : words.actions.exclude}
        </Button>
        <Button
          small
          look="quiet"
          isDisabled={dialogue === null}
          icon={<Tag size={13} />}
          keys="T"
          onPress={() => setOpen("tag")}
        >
          {words.actions.tag}
        </Button>
        <Button
          small
          look="quiet"
          isDisabled={dialogue === null}
          icon={<PenLine size={13} />}
          keys="R"
          onPress={() => setOpen("correct")}
        >
          {words.actions.correct}
        </Button>
        <Button
          small
          look="quiet"
          isDisabled={dialogue === null}
          icon={<Copy size={13} />}
          keys="C"
          onPress={() => actions.c?.()}
        >
          {words.actions.copy}
        </Button>
        <Button
          small
          look="quiet"
          isDisabled={dialogue === null}
          icon={isPinned ? <PinOff size={13} /> : <Pin size={13} />}
          keys="P"
          onPress={pin}
        >
          {isPinned ? words.actions.unpin : words.actions.pin}
        </Button>
        {pinned.length === 0 ? null : (
          <Button small look="quiet" onPress={() => setPinned([])}>
            {words.actions.openFull}
          </Button>
        )}
      </div>
      <div
        className="reader-threads"
        style={{ gridTemplateColumns: `repeat(${pinned.length + (isPinned ? 0 : 1)}, minmax(260px, 1fr))` }}
      >
        {pinned.map((one) => (
          <div key={`${one.run} ${one.record.id}`} className="thread-pane pinned">
            <DialogueThread dialogue={one} view={view} onView={setView} />
          </div>
        ))}
        {isPinned ? null : (
          <div className="thread-pane" tabIndex={0} key={`${target.run} ${target.id}`}>
            {dialogues.error !== null ? (
              <div className="pane-error">
                <ErrorNote error={dialogues.error} />
              </div>
            ) : dialogue === null ? null : (
              <DialogueThread dialogue={dialogue} view={view} onView={setView} />
            )}
          </div>
        )}
      </div>
      {dialogue === null || open === null ? null : open === "tag" ? (
        <TagDialog dialogue={dialogue} onChange={(change) => void annotate(change)} onClose={() => setOpen(null)} />
      ) : (
        <CorrectDialog
          dialogue={dialogue}
          onClose={() => setOpen(null)}
          onSave={async (changes) => {
            setOpen(null);
            for (const change of changes) await annotate(change);
          }}
        />
      )}
    </div>
  );
}

function sameTarget(a: Dialogue, b: Dialogue): boolean {
  return a.run === b.run && a.record.id === b.record.id;
}

/** Single keys, everywhere but in fields and in the table, which has its own j and k. */
function useKeys(actions: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
      const action = actions[event.key.toLowerCase()];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}
