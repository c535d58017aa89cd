import { Dices, MessagesSquare, Power, Send, Square } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Side } from "../../../core/contract/workbench/chat.ts";
import { useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { LongText, NumberInput } from "../../components/fields.tsx";
import { AdapterSelect, ModelSelect } from "../../components/ModelSelect.tsx";
import { formatCount } from "../../format/numbers.ts";
import { formatRate } from "../../format/time.ts";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";
import { type ChatTurn, useChat } from "./useChat.ts";

const words = text.evaluate.talk;

/** The same prompt to base and aligned at once. `run`: an alignment whose newest adapter to talk to. */
export function ChatView(props: { readonly run: string | null; readonly model: string | null }) {
  const { client } = useWorkbench();
  const chat = useChat();
  const [model, setModel] = useState(props.model ?? "");
  const [adapter, setAdapter] = useState("");
  const start = useRequest(async () => {
    if (props.run === null) return null;
    const [details, checkpoints] = await Promise.all([
      client.runs.get({ run: props.run }),
      client.align.checkpoints({ run: props.run }),
    ]);
    return { model: (details.config as { model?: string }).model ?? "", adapter: checkpoints[0]?.adapter ?? "" };
  }, [props.run]);
  useEffect(() => {
    if (start.data === null) return;
    setModel(start.data.model);
    setAdapter(start.data.adapter);
  }, [start.data]);
  const { session } = chat;
  useEffect(() => {
    if (session === null || props.run !== null || props.model !== null) return;
    setModel(session.model);
    setAdapter(session.adapter ?? "");
  }, [session, props.run, props.model]);
  const loaded = session !== null && session.model === model && (session.adapter ?? "") === adapter;
  return (
    <div className="screen">
      <ScreenBar
        title={words.title}
        actions={
          session === null ? null : (
            <Button small icon={<Power size={13} />} onPress={() => void chat.close()}>
              {words.close}
            </Button>
          )
        }
      />
      <div className="chat-choice">
        <ModelSelect
          label={words.model}
          value={model}
          onChange={(path) => {
            setModel(path);
            setAdapter("");
          }}
        />
        {model === "" ? null : (
          <AdapterSelect label={words.adapter} model={model} value={adapter} onChange={setAdapter} />
        )}
        {loaded ? null : (
          <Button
            look="primary"
            isDisabled={model === "" || chat.opening}
            onPress={() => void chat.open(model, adapter === "" ? null : adapter)}
          >
            {chat.opening ? words.opening : words.open}
          </Button>
        )}
      </div>
      {start.error === null ? null : (
        <div className="run-error">
          <ErrorNote error={start.error} />
        </div>
      )}
      <div className="screen-body chat">
        {session === null ? (
          <EmptyState icon={<MessagesSquare size={32} strokeWidth={1.25} />} title={words.none}>
            {words.noneText}
          </EmptyState>
        ) : (
          <>
            <Turns turns={chat.turns} sides={session.sides} />
            <Composer
              sides={session.sides.length}
              busy={chat.answering}
              onSend={chat.send}
              onStop={() => void chat.stop()}
            />
          </>
        )}
      </div>
    </div>
  );
}

function Turns({ turns, sides }: { readonly turns: readonly ChatTurn[]; readonly sides: readonly Side[] }) {
  const end = useRef<HTMLDivElement>(null);
  const count = turns.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn comes into view
  useEffect(() => {
    // In braces: newer engines answer a promise here, which React would take for the clean-up.
    end.current?.scrollIntoView({ block: "end" });
  }, [count]);
  return (
    <div className="chat-turns" role="log" aria-label={words.title} tabIndex={0}>
      {count === 0 ? <p className="chat-empty">{words.empty}</p> : null}
      {turns.map((turn) => (
        <article key={turn.id} className="chat-turn">
          <p className="chat-prompt selectable">{turn.prompt}</p>
          <div className="answer-pair" style={{ gridTemplateColumns: `repeat(${sides.length}, 1fr)` }}>
            {sides.map((side) => {
              const answer = turn.answers[side];
              return (
                <section key={side} className={`answer ${side}`} aria-busy={answer.end === null}>
                  <header>
                    <h3>{text.sides[side]}</h3>
                    {answer.end === null ? null : (
                      <span className="fine numeric">
                        {words.took(
                          formatCount(answer.end.completionTokens),
                          formatRate(answer.end.completionTokens / Math.max(0.001, answer.end.seconds), "tokens"),
                        )}
                        {answer.end.reason === "length"
                          ? ` · ${words.cut}`
                          : answer.end.reason === "stopped"
                            ? ` · ${words.stopped}`
                            : ""}
                      </span>
                    )}
                  </header>
                  <p className="thread-text selectable">
                    {answer.text.trimStart()}
                    {answer.end === null ? <span className="caret" aria-hidden /> : null}
                  </p>
                </section>
              );
            })}
          </div>
          {sides.length === 2 &&
          turn.answers.base.end !== null &&
          turn.answers.aligned.end !== null &&
          turn.answers.base.text.trim() === turn.answers.aligned.text.trim() ? (
            <p className="fine">{words.same}</p>
          ) : null}
        </article>
      ))}
      <div ref={end} />
    </div>
  );
}

function Composer(props: {
  readonly sides: number;
  readonly busy: boolean;
  readonly onSend: (text: string, options: { temperature: number; maxTokens: number; seed: number }) => void;
  readonly onStop: () => void;
}) {
  const [prompt, setPrompt] = useState("");
  const [temperature, setTemperature] = useState(0.7);
  const [maxTokens, setMaxTokens] = useState(256);
  const [seed, setSeed] = useState(1);
  const send = () => {
    if (prompt.trim() === "" || props.busy) return;
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
        />
        <NumberInput
          label={words.maxTokens}
          value={maxTokens}
          minimum={1}
          step={1}
          onChange={(n) => setMaxTokens(n ?? 256)}
        />
        <NumberInput
          label={words.seed}
          value={seed}
          minimum={0}
          maximum={0xffffffff}
          step={1}
          onChange={(n) => setSeed(n ?? 0)}
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
          <Button look="primary" icon={<Send size={13} />} isDisabled={prompt.trim() === ""} onPress={send}>
            {words.send}
          </Button>
        )}
      </div>
    </div>
  );
}
