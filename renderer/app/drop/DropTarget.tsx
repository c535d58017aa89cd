import { useEffect, useState } from "react";
import type { PortWindow } from "../../../core/contract/desktopBridge.ts";
import { text } from "../../text/en.ts";
import { useRoute, useWorkbench } from "../hooks.ts";
import { planDrop } from "./dropPlan.ts";
import { holdsFiles, readDrop } from "./readDrop.ts";
import { takeDrop } from "./takeDrop.ts";
import "./DropTarget.css";

const words = text.drop;

/** Takes files that are dropped anywhere in the window; while they hover, says what becomes of them. */
export function DropTarget() {
  const workbench = useWorkbench();
  const { screen } = useRoute();
  const [hovers, setHovers] = useState(false);
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!holdsFiles(event.dataTransfer)) return;
      // Without this the browser would leave the page for the file.
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = "copy";
      setHovers(true);
    };
    const leave = (event: DragEvent) => {
      // Between two elements of the page there is always a related one.
      if (event.relatedTarget === null) setHovers(false);
    };
    const drop = (event: DragEvent) => {
      setHovers(false);
      if (event.dataTransfer === null || !holdsFiles(event.dataTransfer)) return;
      event.preventDefault();
      const reading = readDrop(event.dataTransfer, (window as PortWindow<MessagePort>).folkmoot);
      void workbench.attempt(async () => takeDrop(workbench, planDrop(await reading, screen)));
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, [workbench, screen]);
  if (!hovers) return null;
  return (
    <div className="drop-target">
      <div className="drop-card">
        <h2>{words.title}</h2>
        <dl>
          {words.kinds.map(([files, place]) => (
            <div key={files}>
              <dt>{files}</dt>
              <dd>{place}</dd>
            </div>
          ))}
        </dl>
      </div>
    </div>
  );
}
