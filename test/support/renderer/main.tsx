/** As renderer/main.tsx, with the recorded service at the other end of a real MessageChannel. */
import "../../../renderer/app/zodWithoutEval.ts";
import "../../../renderer/styles/tokens.css";
import "../../../renderer/styles/base.css";
import "../../../renderer/app/emptyHtmlOnly.ts";
import { RPCLink } from "@orpc/client/message-port";
import { RPCHandler } from "@orpc/server/message-port";
import { createRoot } from "react-dom/client";
import { WorkbenchContext } from "../../../renderer/app/hooks.ts";
import { applyRememberedTheme } from "../../../renderer/app/theme.ts";
import { Workbench } from "../../../renderer/app/workbench.ts";
import type { OpenLine } from "../../../renderer/connection/line.ts";
import { Shell } from "../../../renderer/shell/Shell.tsx";
import { recordedService } from "./recordedService.ts";
import { recordedWorld } from "./recordedWorld.ts";

const query = new URLSearchParams(location.search);
localStorage.setItem("folkmoot-theme", query.get("theme") ?? "dark");
applyRememberedTheme();

const world = recordedWorld({
  empty: query.has("empty"),
  interactions: Number(query.get("interactions") ?? 2000),
  steps: Number(query.get("steps") ?? 2000),
  grid: Number(query.get("grid") ?? 8),
  theme: query.get("theme") === "light" ? "light" : "dark",
});
const router = recordedService(world);

const open: OpenLine = async () => {
  const { port1, port2 } = new MessageChannel();
  new RPCHandler(router).upgrade(port1);
  port1.start();
  const link = new RPCLink({ port: port2 });
  port2.start();
  return { link, closed: new Promise(() => {}), close: () => port2.close() };
};

const root = document.getElementById("root");
if (root === null) throw new Error("no root");
createRoot(root).render(
  <WorkbenchContext value={new Workbench(open)}>
    <Shell />
  </WorkbenchContext>,
);
