/** Which view shows which screen. */
import type { ComponentType } from "react";
import type { Screen } from "../app/route.ts";
import { HomeScreen } from "./home/HomeScreen.tsx";

export const screenViews: Record<Screen, ComponentType> = {
  home: HomeScreen,
  models: HomeScreen,
  society: HomeScreen,
  dialogues: HomeScreen,
  data: HomeScreen,
  align: HomeScreen,
  evaluate: HomeScreen,
  exports: HomeScreen,
  settings: HomeScreen,
};
