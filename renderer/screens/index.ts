/** Which view shows which screen. */
import type { ComponentType } from "react";
import type { Screen } from "../app/route.ts";
import { AlignScreen } from "./align/AlignScreen.tsx";
import { DataScreen } from "./data/DataScreen.tsx";
import { DialoguesScreen } from "./dialogues/DialoguesScreen.tsx";
import { EvaluateScreen } from "./evaluate/EvaluateScreen.tsx";
import { ExportsScreen } from "./exports/ExportsScreen.tsx";
import { HomeScreen } from "./home/HomeScreen.tsx";
import { ModelsScreen } from "./models/ModelsScreen.tsx";
import { SettingsScreen } from "./settings/SettingsScreen.tsx";
import { SocietyScreen } from "./society/SocietyScreen.tsx";

export const screenViews: Record<Screen, ComponentType> = {
  home: HomeScreen,
  models: ModelsScreen,
  society: SocietyScreen,
  dialogues: DialoguesScreen,
  data: DataScreen,
  align: AlignScreen,
  evaluate: EvaluateScreen,
  exports: ExportsScreen,
  settings: SettingsScreen,
};
