import { useState } from "react";
import type { AnnotationChange, Dialogue } from "../../../core/contract/workbench/dialogues.ts";
import { Button } from "../../components/Button.tsx";
import { Segmented } from "../../components/choices.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { LongText } from "../../components/fields.tsx";
import { text } from "../../text/en.ts";
import { correctionChanges } from "./corrections.ts";

const words = text.dialogues.correct;
const ratings = ["1", "2", "3", "4", "5", "6", "7"] as const;
type Choice = "observer" | (typeof ratings)[number];

/** What a person says instead of the observer, or instead of the agent. */
export function CorrectDialog(props: {
  readonly dialogue: Dialogue;
  readonly onSave: (changes: readonly AnnotationChange[]) => void;
  readonly onClose: () => void;
}) {
  const { annotations, record } = props.dialogue;
  const [before, setBefore] = useState<Choice>(choiceOf(annotations.ratings.before));
  const [after, setAfter] = useState<Choice>(choiceOf(annotations.ratings.after));
  const [answer, setAnswer] = useState(annotations.answer ?? "");
  const [note, setNote] = useState(annotations.note ?? "");
  const changes = correctionChanges(annotations, {
    before: ratingOf(before),
    after: ratingOf(after),
    answer: answer.trim() === "" ? null : answer.trim(),
    note: note.trim() === "" ? null : note.trim(),
  });
  const choices = (observers: number | null) => [
    { id: "observer" as const, name: `${words.observers}${observers === null ? "" : ` ${observers}`}` },
    ...ratings.map((id) => ({ id, name: id })),
  ];
  return (
    <Dialog
      title={words.title}
      open
      onClose={props.onClose}
      width={560}
      actions={
        <>
          <Button onPress={props.onClose}>{text.actions.cancel}</Button>
          <Button look="primary" isDisabled={changes.length === 0} onPress={() => props.onSave(changes)}>
            {words.save}
          </Button>
        </>
      }
    >
      <div className="correct">
        <p className="quiet">{words.text}</p>
        <Segmented
          label={words.before}
          value={before}
          onChange={setBefore}
          choices={choices(record.observer.before.alignment.rating)}
        />
        <Segmented
          label={words.after}
          value={after}
          onChange={setAfter}
          choices={choices(record.observer.after.alignment.rating)}
        />
        <LongText label={words.answer} explanation={words.answerText} value={answer} onChange={setAnswer} rows={4} />
        <LongText label={words.note} value={note} onChange={setNote} rows={2} />
      </div>
    </Dialog>
  );
}

function choiceOf(rating: number | null): Choice {
  return ratings.find((one) => Number(one) === rating) ?? "observer";
}

function ratingOf(choice: Choice): number | null {
  return choice === "observer" ? null : Number(choice);
}
