/** A page that only listens: opens a line, watches the job and the machine, counts. Ends with its parent. */
import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/websocket";
import { WebSocket } from "ws";
import type { WorkbenchClient } from "../../core/contract/workbench.ts";

const [url = "", job = ""] = process.argv.slice(2);
const { host, origin, search } = new URL(url);
const socket = new WebSocket(`ws://${host}/rpc${search}`, { origin });
let bytes = 0;
socket.on("message", (data: Buffer) => {
  bytes += data.length;
});
await new Promise((resolve) => socket.once("open", resolve));
const client = createORPCClient(new RPCLink({ websocket: socket as never })) as WorkbenchClient;
void (async () => {
  for await (const _ of await client.machine.watch());
})().catch(() => undefined);
void (async () => {
  for await (const _ of await client.runs.watch());
})().catch(() => undefined);
let [frames, events] = [0, 0];
for await (const frame of await client.jobs.watch({ job })) {
  frames++;
  events += frame.events.length;
  if (frame.events.some((event) => event.type === "finished")) break;
}
process.send?.({ frames, events, bytes });
socket.terminate();
