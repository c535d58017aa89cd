import { Plus } from "lucide-react";
import { go, useLists } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";
import { DemoPanel } from "./DemoPanel.tsx";
import { MachinePanel } from "./MachinePanel.tsx";
import { MethodPanel } from "./MethodPanel.tsx";
import { NowPanel } from "./NowPanel.tsx";
import { RunTable } from "./RunTable.tsx";
import "./HomeScreen.css";

/** What is running, what ended, the demo, the machine. */
export function HomeScreen() {
  const loaded = useLists((lists) => lists.loaded);
  const none = useLists((lists) => lists.runs.size === 0);
  return (
    <div className="screen">
      <ScreenBar
        title={text.home.title}
        actions={
          <Button icon={<Plus size={14} />} onPress={() => go("society", "new")}>
            {text.home.newSociety}
          </Button>
        }
      />
      <div className="screen-body home">
        <div className="home-main">
          {loaded && none ? <MethodPanel /> : <NowPanel />}
          <RunTable />
        </div>
        <aside className="home-side">
          <DemoPanel />
          <MachinePanel />
        </aside>
      </div>
    </div>
  );
}
