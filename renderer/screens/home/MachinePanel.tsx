import { useStore } from "zustand";
import { useSurroundings, useWorkbench } from "../../app/hooks.ts";
import { Facts, Panel } from "../../components/Panel.tsx";
import { formatBytes, formatCount, formatShare, unknown } from "../../format/numbers.ts";
import { text } from "../../text/en.ts";

/** Device, memory used and free, processes. */
export function MachinePanel() {
  const workbench = useWorkbench();
  const machine = useStore(workbench.machine);
  const workspace = useSurroundings((surroundings) => surroundings.about?.workspace);
  const words = text.home;
  if (machine === null) return null;
  const { memory } = machine;
  const used = memory.total - memory.free;
  return (
    <Panel title={words.machine}>
      <div className="machine">
        <div>
          <div className="slider-head">
            <span className="field-label">{words.memory}</span>
            <span className="fine numeric">{text.shell.memory(formatBytes(used), formatBytes(memory.total))}</span>
          </div>
          <div className="meter">
            <span style={{ width: `${memory.total === 0 ? 0 : (used / memory.total) * 100}%` }} />
          </div>
        </div>
        <Facts
          facts={[
            [words.device, machine.device],
            ...(machine.gpus ?? []).map(
              ({ name, freeBytes, totalBytes }) =>
                [words.card, words.cardMemory(name, formatBytes(freeBytes), formatBytes(totalBytes))] as const,
            ),
            [words.cores, formatCount(machine.cores)],
            [words.load, machine.load === null ? unknown : formatShare(machine.load)],
            [words.disk, formatBytes(machine.diskFree)],
            [words.lease, words.leaseNames[machine.lease.holder]],
            [
              words.hosts,
              machine.hosts.length === 0
                ? words.noHosts
                : machine.hosts.map((host) => `${words[host.kind]} ${formatBytes(host.memory)}`).join(", "),
            ],
            [words.workspace, workspace ?? unknown],
          ]}
        />
      </div>
    </Panel>
  );
}
