/** Every text of the window, in one catalogue; sentences with values are functions. Another language is another such file. */
import { align } from "./en/align.ts";
import { data } from "./en/data.ts";
import { dialogues } from "./en/dialogues.ts";
import { evaluate } from "./en/evaluate.ts";
import { exports } from "./en/exports.ts";
import { forms } from "./en/forms.ts";
import { home } from "./en/home.ts";
import { models } from "./en/models.ts";
import { settings } from "./en/settings.ts";
import { shell } from "./en/shell.ts";
import { society } from "./en/society.ts";

export const text = {
  ...shell,
  forms,
  home,
  society,
  dialogues,
  align,
  models,
  data,
  evaluate,
  exports,
  settings,
} as const;
