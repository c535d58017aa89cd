import { useMemo, useState } from "react";
import type { ExportCheckpoint } from "../../../core/contract/jobs.ts";
import { go, useLists, useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { Segmented, SelectInput } from "../../components/choices.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { PathInput } from "../../components/PathInput.tsx";
import { runsOfKind } from "../../stores/lists.ts";
import { text } from "../../text/en.ts";
import { CheckpointChoice, checkpointsToExport } from "./CheckpointChoice.tsx";
import { quantizationTypes } from "./quantizationTypes.ts";

const words = text.exports.setup;

/** From which alignment and checkpoint, what, and where to. */
export function ExportDialog(props: { readonly run: string | null; readonly onClose: () => void }) {
  const workbench = useWorkbench();
  const all = useLists((lists) => lists.runs);
  const runs = useMemo(() => runsOfKind(all, "align"), [all]);
  const [run, setRun] = useState<string | null>(props.run ?? runs[0]?.run ?? null);
  const found = useRequest(() => (run === null ? null : workbench.client.align.checkpoints({ run })), [run]);
  const offered = checkpointsToExport(found.data ?? []);
  const [wanted, setWanted] = useState<ExportCheckpoint>("last");
  const checkpoint = offered.best === null ? "last" : wanted;
  const [kind, setKind] = useState<"adapter" | "merged">("merged");
  const [type, setType] = useState<(typeof quantizationTypes)[number]>("Q8_0");
  const [path, setPath] = useState("");
  const [starting, setStarting] = useState(false);
  const start = async () => {
    if (run === null) return;
    setStarting(true);
    const place = path.trim() === "" ? {} : { path: path.trim() };
    const source = { run, checkpoint, ...place };
    const started = await workbench.attempt(() =>
      workbench.client.exports.start(kind === "adapter" ? { kind, ...source } : { kind, type, ...source }),
    );
    setStarting(false);
    if (started !== null) go("exports");
  };
  return (
    <Dialog
      title={words.title}
      open
      onClose={props.onClose}
      actions={
        <>
          <Button onPress={props.onClose}>{text.actions.cancel}</Button>
          <Button look="primary" isDisabled={offered.last === null || starting} onPress={() => void start()}>
            {words.start}
          </Button>
        </>
      }
    >
      <div className="settings-stack">
        {runs.length === 0 ? (
          <p className="quiet">{words.noRuns}</p>
        ) : (
          <SelectInput
            label={words.run}
            value={run}
            onChange={setRun}
            choices={runs.map((one) => ({ id: one.run, name: one.name, note: one.headline }))}
          />
        )}
        {run === null || found.data === null ? null : (
          <CheckpointChoice offered={offered} value={checkpoint} onChange={setWanted} />
        )}
        <Segmented
          label={words.kind}
          explanation={words.kindTexts[kind]}
          value={kind}
          onChange={setKind}
          choices={(["merged", "adapter"] as const).map((id) => ({ id, name: words.kinds[id] }))}
        />
        {kind === "adapter" ? null : (
          <SelectInput
            label={words.type}
            value={type}
            onChange={setType}
            choices={quantizationTypes.map((id) => ({ id, name: id }))}
          />
        )}
        <PathInput
          optional
          label={words.path}
          empty={words.pathText}
          value={path}
          onChange={setPath}
          request={{
            title: words.path,
            kind: "save",
            endings: ["gguf"],
            remember: "exports",
            name: `${kind === "adapter" ? "adapter" : "aligned"}${checkpoint === "best" ? "-best" : ""}.gguf`,
          }}
        />
      </div>
    </Dialog>
  );
}
