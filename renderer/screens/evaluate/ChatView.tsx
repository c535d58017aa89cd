import { MessagesSquare, Power } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Side } from "../../../core/contract/workbench/chat.ts";
import { useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { AdapterSelect, ModelSelect } from "../../components/ModelSelect.tsx";
import { NumberInput } from "../../components/NumberInput.tsx";
import { RunWarnings } from "../../components/RunWarnings.tsx";
import { formatCount } from "../../format/numbers.ts";
import { formatRate } from "../../format/time.ts";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";
import { Composer } from "./Composer.tsx";
import { type ChatTurn, useChat } from "./useChat.ts";

const words = text.evaluate.talk;

/**
 * The same prompt to base and aligned at once. `run`: an alignment; its base and its newest adapter are loaded at once,
 * for whoever comes here from it wants to compare just them.
 */
export function ChatView(props: { readonly run: string | null; readonly model: string | null }) {
  const { client } = useWorkbench();
  const chat = useChat();
  const [model, setModel] = useState(props.model ?? "");
  const [adapter, setAdapter] = useState("");
  const [context, setContext] = useState<number | null>(null);
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
  const asked = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is known what to load and what is
  useEffect(() => {
    if (asked.current || start.data === null || !chat.known || start.data.adapter === "") return;
    asked.current = true;
    const { model, adapter } = start.data;
    if (session?.model !== model || session.adapter !== adapter) void chat.open(model, adapter, null);
  }, [start.data, chat.known]);
  useEffect(() => {
    if (session === null || props.run !== null || props.model !== null) return;
    setModel(session.model);
    setAdapter(session.adapter ?? "");
  }, [session, props.run, props.model]);
  const isSame = session?.model === model && (session.adapter ?? "") === adapter;
  const loaded = isSame && context === chat.askedContext;
  return (
    <div className="screen">
      <ScreenBar
        title={props.run === null ? words.title : words.compare}
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
          <>
            <AdapterSelect label={words.adapter} model={model} value={adapter} onChange={setAdapter} />
            <NumberInput
              label={words.context}
              value={context}
              empty={loaded ? formatCount(session.contextSize) : words.contextEmpty}
              minimum={1}
              step={256}
              unit={text.forms.tokens}
              onChange={setContext}
            />
          </>
        )}
        {loaded ? null : (
          <Button
            look="primary"
            isDisabled={model === "" || chat.opening}
            onPress={() => void chat.open(model, adapter === "" ? null : adapter, context)}
          >
            {chat.opening ? words.opening : words.open}
          </Button>
        )}
      </div>
      {start.error === null ? null : (
        <div className="pane-error">
          <ErrorNote error={start.error} />
        </div>
      )}
      {session === null || session.warning === null ? null : <RunWarnings warnings={[session.warning]} />}
      <div className="screen-body chat">
        {session === null ? (
          <EmptyState
            icon={<MessagesSquare size={32} strokeWidth={1.25} />}
            title={chat.opening ? words.opening : words.none}
          >
            {start.data?.adapter === "" ? words.noCheckpoint : words.noneText}
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
      {count === 0 ? (
        <div className="chat-turn">
          <div className="answer-pair" style={columnsOf(sides)}>
            {sides.map((side) => (
              <section key={side} className={`answer ${side}`}>
                <header>
                  <h3>{text.sides[side]}</h3>
                </header>
                <p className="quiet">{sides.length === 2 ? words.emptySides[side] : words.empty}</p>
              </section>
            ))}
          </div>
        </div>
      ) : null}
      {turns.map((turn) => (
        <article key={turn.id} className="chat-turn">
          <p className="chat-prompt selectable">{turn.prompt}</p>
          <div className="answer-pair" style={columnsOf(sides)}>
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

function columnsOf(sides: readonly Side[]): { gridTemplateColumns: string } {
  return { gridTemplateColumns: `repeat(${sides.length}, 1fr)` };
}
