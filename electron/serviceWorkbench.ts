/**
 * The workbench in a process of its own, and main as the broker: it makes the processes and connects them with ports,
 * and is in nobody's way afterwards.
 */
import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/message-port";
import { MessageChannelMain, type MessagePortMain } from "electron";
import { deserializeError, FolkmootError, toFolkmootError } from "../core/contract/errors.ts";
import type { WorkbenchClient } from "../core/contract/workbench.ts";
import type { FromService, ToService } from "./service/messages.ts";
import { startUtility, type Utility } from "./utility.ts";
import type { DesktopWorkbench, DesktopWorkbenchOptions } from "./workbench.ts";

/** Longest wait for the service to end in order, milliseconds. */
const closeMs = 9_000;
/** A service that ends by itself is started again, but not more often than this many times in so many milliseconds. */
const restarts = { most: 3, within: 60_000 };

/** @throws FolkmootError that the workspace could not be opened with */
export async function openServiceWorkbench(options: DesktopWorkbenchOptions): Promise<DesktopWorkbench> {
  const service = new ServiceWorkbench(options);
  await service.start();
  return service;
}

class ServiceWorkbench implements DesktopWorkbench {
  private readonly options: DesktopWorkbenchOptions;
  private service: Utility | null = null;
  private readonly hosts = new Map<number, Utility>();
  private readonly starts: number[] = [];
  private link: RPCLink<Record<never, never>> | null = null;
  private closing = false;
  /** Outlives the process behind it: every call goes to the service that runs then. */
  readonly client: WorkbenchClient = createORPCClient({
    call: (path, input, callOptions) => {
      if (this.link === null) return Promise.reject(gone());
      return this.link.call(path, input, callOptions);
    },
  });

  constructor(options: DesktopWorkbenchOptions) {
    this.options = options;
  }

  async start(): Promise<void> {
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
    const entry = new URL(`./service/serviceMain${extension}`, import.meta.url);
    const service = startUtility({
      name: "folkmoot-workbench",
      entry,
      onStderr: (text) => this.options.onLog("workbench", text),
    });
    this.service = service;
    this.starts.push(performance.now());
    const opened = new Promise<void>((resolve, reject) => {
      service.child.on("message", (message: FromService) => {
        if (message.type === "opened") resolve();
        else if (message.type === "failed") reject(deserializeError(message.error));
        else this.receive(message);
      });
      void service.ended.then(({ code, signal }) => {
        reject(gone(`It ended with ${signal ?? `status ${code}`}.`));
        this.onEnd(service);
      });
    });
    this.tell({ type: "open", workspace: this.options.workspace });
    await opened;
    const { port1, port2 } = new MessageChannelMain();
    this.serve(port2);
    this.link = new RPCLink({ port: port1 });
    port1.start();
  }

  serve(port: MessagePortMain): void {
    if (this.service === null) port.close();
    else this.tell({ type: "line" }, [port]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closing = true;
    const { service } = this;
    if (service === null) return;
    this.tell({ type: "close" });
    const late = new Promise((resolve) => setTimeout(resolve, closeMs).unref());
    await Promise.race([service.ended, late]);
    service.kill();
    for (const host of this.hosts.values()) host.kill();
  }

  private tell(message: ToService, transfer?: MessagePortMain[]): void {
    this.service?.post(message, transfer);
  }

  private receive(message: FromService): void {
    if (message.type === "host-spawn") this.spawnHost(message);
    else if (message.type === "host-kill") this.hosts.get(message.id)?.kill();
    else if (message.type === "pick") void this.answer(message.id, () => this.options.shell.pick(message.options));
    else if (message.type === "reveal")
      void this.answer(message.id, async () => {
        await this.options.shell.reveal(message.path);
        return [];
      });
  }

  private spawnHost({ id, kind, entry, env }: Extract<FromService, { type: "host-spawn" }>): void {
    const host = startUtility({
      name: `folkmoot-${kind}-${id}`,
      entry: new URL(entry),
      env,
      onStderr: (text) => {
        this.options.onLog(kind, text);
        this.tell({ type: "host-stderr", id, text });
      },
    });
    this.hosts.set(id, host);
    const { port1, port2 } = new MessageChannelMain();
    host.post({}, [port1]);
    void host.spawned.then((pid) => this.tell({ type: "host-spawned", id, pid }, [port2]));
    void host.ended.then((end) => {
      this.hosts.delete(id);
      this.tell({ type: "host-ended", id, end });
    });
  }

  /** Process id of the service; null while none runs. */
  get pid(): number | null {
    return this.service?.child.pid ?? null;
  }

  private async answer(id: number, work: () => Promise<string[]>): Promise<void> {
    try {
      this.tell({ type: "answer", id, paths: await work(), error: null });
    } catch (error) {
      this.tell({ type: "answer", id, paths: [], error: toFolkmootError(error).toJSON() });
    }
  }

  /** The runs stand on the disk; a new service finds them stopped and resumes those that a person asks for. */
  private onEnd(service: Utility): void {
    if (this.service !== service) return;
    this.service = null;
    this.link = null;
    for (const host of this.hosts.values()) host.kill();
    const recent = this.starts.filter((time) => time > performance.now() - restarts.within);
    if (this.closing || recent.length > restarts.most) return;
    this.options.onLog("main", "the workbench's process ended; it is started again");
    this.start().then(this.options.onRestart, (error: unknown) =>
      this.options.onLog("main", `it did not start: ${String(error)}`),
    );
  }
}

function gone(reason?: string): FolkmootError {
  return new FolkmootError("native-crash", {
    message: "The workbench's process has ended.",
    ...(reason === undefined ? {} : { reason }),
    action: "Wait until it is back, then resume what was running; if it does not come back, start Folkmoot again.",
  });
}
