/** Entry of the page: theme before the first paint, the line to the workbench, then the window. */
import "./app/zodWithoutEval.ts";
// Before every component: their styles win over the page's.
import "./styles/tokens.css";
import "./styles/base.css";
import "./app/emptyHtmlOnly.ts";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { WorkbenchContext } from "./app/hooks.ts";
import { applyRememberedTheme } from "./app/theme.ts";
import { Workbench } from "./app/workbench.ts";
import { transportFor } from "./connection/transport.ts";
import { Shell } from "./shell/Shell.tsx";

applyRememberedTheme();

const workbench = new Workbench(transportFor(window));
window.addEventListener("pagehide", () => workbench.face.flush());

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root.");
createRoot(root).render(
  <StrictMode>
    <WorkbenchContext value={workbench}>
      <Shell />
    </WorkbenchContext>
  </StrictMode>,
);
