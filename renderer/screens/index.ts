/** Which view shows which screen. */
import type { ComponentType } from "react";
import type { Screen } from "../app/route.ts";
import { AlignScreen } from "./align/AlignScreen.tsx";
import { DialoguesScreen } from "./dialogues/DialoguesScreen.tsx";
import { HomeScreen } from "./home/HomeScreen.tsx";
import { SocietyScreen } from "./society/SocietyScreen.tsx";

export const screenViews: Record<Screen, ComponentType> = {
  home: HomeScreen,
  models: HomeScreen,
  society: SocietyScreen,
  dialogues: DialoguesScreen,
  data: HomeScreen,
  align: AlignScreen,
  evaluate: HomeScreen,
  exports: HomeScreen,
  settings: HomeScreen,
};
