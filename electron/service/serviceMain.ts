/**
 * Entry of the process that has the workbench: jobs, streams and the index live here, so that neither a long query nor
 * the tokens of a hundred agents hold up the window. Page and hosts are connected to it directly, by ports.
 */
import type { ParentPort } from "electron";
import { toFolkmootError } from "../../core/contract/errors.ts";
import { onParentGone } from "../../core/host/port.ts";
import { openWorkbench, type Workbench } from "../../core/workbench/openWorkbench.ts";
import { servePort } from "../../core/workbench/router/router.ts";
import { hostsOfMain } from "./hostsOfMain.ts";
import type { FromService, ToService } from "./messages.ts";
import { shellOfMain } from "./shellOfMain.ts";

const parent = (process as unknown as { parentPort: ParentPort }).parentPort;
const say = (message: FromService) => parent.postMessage(message);
const hosts = hostsOfMain(say);
const shell = shellOfMain(say);
let workbench: Promise<Workbench> | null = null;

parent.on("message", ({ data, ports: [port] }) => {
  const message = data as ToService;
  hosts.receive(message, port);
  shell.receive(message);
  if (message.type === "open") workbench = open(message.workspace);
  else if (message.type === "line" && port !== undefined)
    void workbench?.then((opened) => {
      servePort(opened, port);
      port.start();
    });
  else if (message.type === "close") void close();
});
// Everything on the disk is whole at every moment, and an orphan would hold the workspace's lock.
onParentGone(() => process.kill(process.pid, "SIGKILL"));

async function open(workspace: string): Promise<Workbench> {
  try {
    const opened = await openWorkbench({ workspace, shell: shell.shell, hosts: { spawn: hosts.spawn } });
    say({ type: "opened" });
    return opened;
  } catch (error) {
    say({ type: "failed", error: toFolkmootError(error).toJSON() });
    return new Promise(() => {}); // main ends this process
  }
}

async function close(): Promise<void> {
  try {
    await (await workbench)?.close();
  } catch (error) {
    console.error(error);
  }
  process.exit(0);
}
