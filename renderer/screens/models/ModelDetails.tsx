import { MessagesSquare, Trash2 } from "lucide-react";
import { useState } from "react";
import type { AdapterEntry, ModelEntry } from "../../../core/contract/workbench/models.ts";
import { go, useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { MemoryEstimate } from "../../components/MemoryEstimate.tsx";
import { NumberInput } from "../../components/NumberInput.tsx";
import { Facts, Panel } from "../../components/Panel.tsx";
import { PathActions } from "../../components/PathActions.tsx";
import { formatBytes, formatCount, formatParameters, formatShare, unknown } from "../../format/numbers.ts";
import { fileName } from "../../format/paths.ts";
import { Row } from "../../forms/Section.tsx";
import { useSettled } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";
import { AdapterList } from "./AdapterList.tsx";

const words = text.models;
const names = words.details;

/** What a model is, whether it fits, and the adapters made for it. */
export function ModelDetails(props: {
  readonly model: ModelEntry;
  readonly adapters: readonly AdapterEntry[];
  readonly onRemove: () => void;
}) {
  const { model } = props;
  const { description } = model;
  return (
    <div className="panels model-details">
      <Panel
        title={<span className="truncate">{model.name}</span>}
        actions={
          <>
            {description === null ? null : (
              <Button
                small
                icon={<MessagesSquare size={13} />}
                onPress={() => go("evaluate", "chat", "model", model.path)}
              >
                {words.chat}
              </Button>
            )}
            <PathActions path={model.path} />
            <Button small look="quiet" icon={<Trash2 size={14} />} hint={words.remove} onPress={props.onRemove} />
          </>
        }
      >
        {model.problem === null ? null : <ErrorNote error={model.problem} />}
        {description === null ? (
          <Facts facts={[[names.path, model.path]]} />
        ) : (
          <Facts
            facts={[
              [names.path, model.path],
              ...(description.files.length === 1
                ? []
                : [[names.files, description.files.map(({ path }) => fileName(path)).join(", ")] as const]),
              [names.licence, description.licence ?? unknown],
              [names.architecture, description.architecture],
              [names.parameters, `${formatParameters(description.parameters)} · ${formatBytes(description.bytes)}`],
              [names.type, description.quantization],
              [
                names.mix,
                Object.entries(description.quantizationMix)
                  .sort(([, a], [, b]) => b - a)
                  .map(([type, share]) => `${type} ${formatShare(share)}`)
                  .join(", "),
              ],
              [names.context, formatCount(description.contextLength)],
              [names.layers, formatCount(description.layers)],
              [names.embedding, formatCount(description.embedding)],
              [names.heads, words.heads(formatCount(description.heads), formatCount(description.kvHeads))],
              [names.vocabulary, formatCount(description.vocabulary)],
              [names.tokenizer, description.tokenizer ?? unknown],
              [names.chat, description.hasChatTemplate ? names.yes : names.no],
              [
                names.training,
                description.trainable.possible ? names.trainable : (description.trainable.reason ?? names.no),
              ],
              [names.hash, <ModelHash key="hash" path={model.path} hash={description.hash} />],
            ]}
          />
        )}
      </Panel>
      {description === null ? null : <ModelMemory model={model} />}
      <Panel title={words.adapters}>
        {props.adapters.length === 0 ? (
          <p className="quiet">{words.noAdapters}</p>
        ) : (
          <AdapterList adapters={props.adapters} />
        )}
      </Panel>
    </div>
  );
}

/** Reads every byte of the file, so only when asked for. */
function ModelHash({ path, hash }: { readonly path: string; readonly hash: string | null }) {
  const workbench = useWorkbench();
  const [computed, setComputed] = useState<string | null>(hash);
  const [working, setWorking] = useState(false);
  if (computed !== null) return <code className="hash">{computed}</code>;
  const compute = async () => {
    setWorking(true);
    const description = await workbench.attempt(() => workbench.client.models.inspect({ path, hash: true }));
    setComputed(description?.hash ?? null);
    setWorking(false);
  };
  return (
    <Button small isDisabled={working} onPress={() => void compute()}>
      {words.computeHash}
    </Button>
  );
}

function ModelMemory({ model }: { readonly model: ModelEntry }) {
  const { client } = useWorkbench();
  const [sequences, setSequences] = useState(16);
  const [contextSize, setContextSize] = useState<number | null>(null);
  const shape = useSettled(JSON.stringify({ sequences, contextSize }));
  const estimate = useRequest(
    () =>
      client.models.estimate({
        path: model.path,
        ...(JSON.parse(shape) as { sequences: number; contextSize: number | null }),
      }),
    [model.path, shape],
  );
  const { data } = estimate;
  const measured = data?.measured ?? model.measured;
  return (
    <Panel title={words.memory}>
      <div className="model-memory">
        <Row>
          <NumberInput
            label={words.sequences}
            value={sequences}
            minimum={1}
            maximum={256}
            step={1}
            onChange={(n) => setSequences(n ?? 1)}
          />
          <NumberInput
            label={words.contextSize}
            value={contextSize}
            empty={words.contextEmpty}
            minimum={256}
            step={256}
            onChange={setContextSize}
          />
        </Row>
        {estimate.error === null ? null : <ErrorNote error={estimate.error} />}
        {data === null ? null : (
          <MemoryEstimate
            parts={[
              [words.parts.weights, data.memory.weights, "--base"],
              [words.parts.keyValueCache, data.memory.keyValueCache, "--draft"],
              [words.parts.compute, data.memory.compute, "--question"],
            ]}
            free={data.fit.free}
            verdict={data.fit.verdict}
          />
        )}
        {measured === null || measured === undefined ? null : (
          <p className="fine numeric">
            {words.measuredAs(formatBytes(measured.bytes), measured.sequences, formatCount(measured.contextSize))}
          </p>
        )}
      </div>
    </Panel>
  );
}
