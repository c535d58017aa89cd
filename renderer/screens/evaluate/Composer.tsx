import { Dices, Send, Square } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { Button } from "../../components/Button.tsx";
import { LongText } from "../../components/fields.tsx";
import { NumberInput } from "../../components/NumberInput.tsx";
import { useRefused } from "../../components/useRefused.ts";
import { text } from "../../text/en.ts";

const words = text.evaluate.talk;

/** What is said to one side or both, and how they draw their answer. Enter sends. */
export function Composer(props: {
  readonly sides: number;
  readonly busy: boolean;
  readonly onSend: (text: string, options: { temperature: number; maxTokens: number; seed: number }) => void;
  readonly onStop: () => void;
}) {
  const [prompt, setPrompt] = useState("");
  const [temperature, setTemperature] = useState(0.7);
  const [maxTokens, setMaxTokens] = useState(256);
  const [seed, setSeed] = useState(1);
  const [isRefused, refusedOf] = useRefused();
  const send = () => {
    if (prompt.trim() === "" || props.busy || isRefused) return;
    props.onSend(prompt.trim(), { temperature, maxTokens, seed });
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
        <NumberInput
          label={words.temperature}
          value={temperature}
          minimum={0}
          step={0.1}
          onChange={(n) => setTemperature(n ?? 0)}
          onRefused={refusedOf("temperature")}
        />
        <NumberInput
          label={words.maxTokens}
          value={maxTokens}
          minimum={1}
          step={1}
          onChange={(n) => setMaxTokens(n ?? 256)}
          onRefused={refusedOf("maxTokens")}
        />
        <NumberInput
          label={words.seed}
          value={seed}
          minimum={0}
          maximum={0xffffffff}
          step={1}
          onChange={(n) => setSeed(n ?? 0)}
          onRefused={refusedOf("seed")}
        />
        <Button
          icon={<Dices size={14} />}
          hint={words.newSeed}
          onPress={() => setSeed(Math.floor(Math.random() * 0xffffffff))}
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
