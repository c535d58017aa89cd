import { Dices, Send, Square } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { Button } from "../../components/Button.tsx";
import { LongText } from "../../components/fields.tsx";
import { NumberInput } from "../../components/NumberInput.tsx";
import { useRefused } from "../../components/useRefused.ts";
import { text } from "../../text/en.ts";

const words = text.evaluate.talk;

/** How an answer is drawn. */
interface Drawing {
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seed: number;
}

const largestSeed = 0xffffffff;

/** `usual`: for a field that was emptied. */
const settings = [
  { name: "temperature", minimum: 0, step: 0.1, usual: 0 },
  { name: "maxTokens", minimum: 1, step: 1, usual: 256 },
  { name: "seed", minimum: 0, maximum: largestSeed, step: 1, usual: 0 },
] as const;

/** What is said to one side or both, and how they draw their answer. Enter sends. */
export function Composer(props: {
  readonly sides: number;
  readonly busy: boolean;
  readonly onSend: (text: string, options: Drawing) => void;
  readonly onStop: () => void;
}) {
  const [prompt, setPrompt] = useState("");
  const [drawn, setDrawn] = useState<Drawing>({ temperature: 0.7, maxTokens: 256, seed: 1 });
  const [isRefused, refusedOf] = useRefused();
  const draw = (change: Partial<Drawing>) => setDrawn((before) => ({ ...before, ...change }));
  const send = () => {
    if (prompt.trim() === "" || props.busy || isRefused) return;
    props.onSend(prompt.trim(), drawn);
    setPrompt("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <div className="composer">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Enter sends, the field inside is the control */}
      <div className="composer-field" onKeyDown={onKeyDown}>
        <LongText
          label={props.sides === 2 ? words.prompt : words.promptOne}
          value={prompt}
          onChange={setPrompt}
          rows={2}
        />
      </div>
      <div className="composer-settings">
        {settings.map(({ name, usual, ...bounds }) => (
          <NumberInput
            key={name}
            label={words[name]}
            value={drawn[name]}
            {...bounds}
            onChange={(value) => draw({ [name]: value ?? usual })}
            onRefused={refusedOf(name)}
          />
        ))}
        <Button
          icon={<Dices size={14} />}
          hint={words.newSeed}
          onPress={() => draw({ seed: Math.floor(Math.random() * largestSeed) })}
        />
        {props.busy ? (
          <Button icon={<Square size={12} />} onPress={props.onStop}>
            {words.stop}
          </Button>
        ) : (
          <Button
            look="primary"
            icon={<Send size={13} />}
            isDisabled={prompt.trim() === "" || isRefused}
            onPress={send}
          >
            {words.send}
          </Button>
        )}
      </div>
    </div>
  );
}
