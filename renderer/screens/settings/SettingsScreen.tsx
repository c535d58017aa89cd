import { ClipboardCopy, Undo2, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { copyDiagnostics } from "../../app/diagnostics.ts";
import { useRequest, useSurroundings, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { Segmented } from "../../components/choices.tsx";
import { NumberInput } from "../../components/NumberInput.tsx";
import { Facts, Panel } from "../../components/Panel.tsx";
import type { Settings } from "../../contractTypes.ts";
import { formatCount } from "../../format/numbers.ts";
import { formatMoment } from "../../format/time.ts";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";
import "./SettingsScreen.css";

const words = text.settings;
const gibibyte = 2 ** 30;

export function SettingsScreen() {
  const workbench = useWorkbench();
  const settings = useSurroundings((surroundings) => surroundings.settings);
  return (
    <div className="screen">
      <ScreenBar title={words.title} />
      <div className="screen-body scroll settings">
        {settings === null ? null : (
          <>
            <Panel title={words.appearance}>
              <Segmented
                label={words.theme}
                value={settings.appearance.theme}
                onChange={(theme) => void workbench.changeSettings({ appearance: { theme } })}
                choices={(["system", "dark", "light"] as const).map((id) => ({ id, name: text.shell.themes[id] }))}
              />
            </Panel>
            <DevicePanel settings={settings} />
            <FoldersPanel folders={settings.folders} />
          </>
        )}
        <UndoPanel />
        <Panel title={words.diagnostics}>
          <div className="settings-stack">
            <p className="quiet">{words.diagnosticsText}</p>
            <div>
              <Button icon={<ClipboardCopy size={14} />} onPress={() => void copyDiagnostics(workbench)}>
                {text.actions.copyDiagnostics}
              </Button>
            </div>
          </div>
        </Panel>
        <AboutPanel />
      </div>
    </div>
  );
}

function DevicePanel({ settings }: { readonly settings: Settings }) {
  const workbench = useWorkbench();
  const cores = useStore(workbench.machine, (machine) => machine?.cores);
  return (
    <Panel title={words.device}>
      <div className="settings-stack narrow">
        <NumberInput
          label={words.threads}
          explanation={words.threadsText}
          value={settings.threads === 0 ? null : settings.threads}
          empty={words.threadsEmpty}
          minimum={0}
          maximum={1024}
          step={1}
          {...(cores === undefined ? {} : { unit: words.threadsUnit(formatCount(cores)) })}
          onChange={(threads) => void workbench.changeSettings({ threads: threads ?? 0 })}
          setting="threads"
        />
        <NumberInput
          label={words.ceiling}
          explanation={words.ceilingText}
          value={settings.memoryCeiling === null ? null : settings.memoryCeiling / gibibyte}
          empty={words.ceilingEmpty}
          unit={words.gibibytes}
          minimum={0.1}
          digits={2}
          onChange={(value) =>
            void workbench.changeSettings({ memoryCeiling: value === null ? null : Math.round(value * gibibyte) })
          }
          setting="memoryCeiling"
        />
      </div>
    </Panel>
  );
}

function FoldersPanel({ folders }: { readonly folders: Settings["folders"] }) {
  const workbench = useWorkbench();
  const names = Object.keys(folders);
  return (
    <Panel title={words.folders}>
      <div className="settings-stack">
        <p className="quiet">{words.foldersText}</p>
        {names.length === 0 ? <p className="fine">{words.noFolders}</p> : null}
        {names.map((name) => (
          <div key={name} className="settings-row">
            <span>{words.folderNames[name] ?? name}</span>
            <code className="truncate selectable">{folders[name]}</code>
            <Button
              small
              look="quiet"
              icon={<X size={12} />}
              hint={words.forget(words.folderNames[name] ?? name)}
              onPress={() => void workbench.changeSettings({ folders: { [name]: null } })}
            />
          </div>
        ))}
      </div>
    </Panel>
  );
}

/** What was deleted or changed and can come back. */
function UndoPanel() {
  const workbench = useWorkbench();
  const { client } = workbench;
  const list = useRequest(() => client.undo.list(), []);
  const undone = useStore(workbench.undone);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was taken back is no longer in the list
  useEffect(() => list.reload(), [undone]);
  const [busy, setBusy] = useState(false);
  const apply = async (undo: string) => {
    setBusy(true);
    const done = await workbench.attempt(() => client.undo.apply({ undo }));
    setBusy(false);
    if (done === null) return;
    workbench.toasts.say(done.message);
    workbench.undone.setState((count) => count + 1, true);
  };
  return (
    <Panel title={words.undo}>
      <div className="settings-stack">
        {list.data === null || list.data.length === 0 ? <p className="fine">{words.noUndo}</p> : null}
        {list.data?.map((entry) => (
          <div key={entry.undo} className="settings-row">
            <span>{entry.message}</span>
            <span className="fine">
              {formatMoment(entry.at)}
              {entry.expires === null ? "" : `, ${words.until(formatMoment(entry.expires))}`}
            </span>
            <Button small icon={<Undo2 size={12} />} isDisabled={busy} onPress={() => void apply(entry.undo)}>
              {text.actions.undo}
            </Button>
          </div>
        ))}
      </div>
    </Panel>
  );
}

function AboutPanel() {
  const about = useSurroundings((surroundings) => surroundings.about);
  if (about === null) return null;
  return (
    <Panel title={words.about}>
      <div className="settings-stack">
        <Facts
          facts={[
            [words.versions.folkmoot, about.versions.folkmoot],
            [words.versions.node, about.versions.node],
            [words.versions.nodeLlamaCpp, about.versions.nodeLlamaCpp],
            [words.versions.platform, `${about.platform} ${about.architecture}`],
            [words.versions.workspace, about.workspace],
          ]}
        />
        <p className="quiet">{words.offline}</p>
      </div>
    </Panel>
  );
}
