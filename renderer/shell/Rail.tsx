import {
  Boxes,
  ChartSpline,
  Database,
  House,
  type LucideIcon,
  MessagesSquare,
  Package,
  PanelLeftClose,
  PanelLeftOpen,
  Scale,
  Settings as SettingsIcon,
  UsersRound,
} from "lucide-react";
import { z } from "zod";
import { useFace, useLists, useRoute } from "../app/hooks.ts";
import { formatRoute, type Screen } from "../app/route.ts";
import { Button } from "../components/Button.tsx";
import { activities } from "../stores/lists.ts";
import { text } from "../text/en.ts";
import { numbered } from "./commands.ts";
import "./Rail.css";

const icons: Record<Screen, LucideIcon> = {
  home: House,
  models: Boxes,
  society: UsersRound,
  dialogues: MessagesSquare,
  data: Database,
  align: ChartSpline,
  evaluate: Scale,
  exports: Package,
  settings: SettingsIcon,
};

/** Screen on which a job of a kind is watched. */
const home = { society: "society", align: "align", evaluation: "evaluate", export: "exports", demo: "home" } as const;

const parseNarrow = (value: unknown) => z.boolean().safeParse(value).data ?? null;

export function Rail() {
  const { screen } = useRoute();
  const [narrow, setNarrow] = useFace("rail.narrow", parseNarrow);
  // One string, so that the rail draws again only when a busy screen changes.
  const busy = useLists((lists) =>
    activities(lists)
      .map((activity) => home[activity.kind])
      .join(" "),
  );
  const choice = narrow === null ? "" : narrow ? " narrow" : " wide";
  return (
    <nav className={`rail${choice}`} aria-label={text.shell.navigation}>
      <div className="rail-brand" aria-hidden>
        <Mark />
        <span>{text.product}</span>
      </div>
      <ul>
        {numbered.map((name, index) => (
          <RailItem
            key={name}
            screen={name}
            current={name === screen}
            busy={busy.split(" ").includes(name)}
            keys={`Ctrl ${index + 1}`}
          />
        ))}
      </ul>
      <div className="rail-end">
        <RailItem screen="settings" current={screen === "settings"} busy={false} keys="Ctrl ," as="div" />
        <Button
          look="quiet"
          small
          icon={narrow === true ? <PanelLeftOpen size={14} /> : <PanelLeftClose size={14} />}
          hint={narrow === true ? text.shell.wideRail : text.shell.narrowRail}
          onPress={() => setNarrow(narrow !== true)}
        />
      </div>
    </nav>
  );
}

function RailItem(props: {
  readonly screen: Screen;
  readonly current: boolean;
  readonly busy: boolean;
  readonly keys: string;
  readonly as?: "li" | "div";
}) {
  const Icon = icons[props.screen];
  const Element = props.as ?? "li";
  const name = text.screens[props.screen];
  return (
    <Element>
      <a
        href={formatRoute(props.screen)}
        className="rail-item"
        aria-current={props.current ? "page" : undefined}
        aria-keyshortcuts={props.keys.replace("Ctrl ", "Control+")}
        title={`${name} (${props.keys.replace(" ", "+")})`}
      >
        <Icon size={16} strokeWidth={1.75} aria-hidden />
        <span className="rail-name">{name}</span>
        {props.busy ? <span className="rail-busy" title={text.states.running} /> : null}
      </a>
    </Element>
  );
}

/** The mark: four people around a circle, in the colours of the four moves. */
export function Mark({ size = 20 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="16" cy="16" r="2.5" fill="var(--accent)" />
      <circle cx="16" cy="6" r="6" fill="var(--question)" />
      <circle cx="26" cy="16" r="6" fill="var(--draft)" />
      <circle cx="16" cy="26" r="6" fill="var(--feedback)" />
      <circle cx="6" cy="16" r="6" fill="var(--revision)" />
    </svg>
  );
}
