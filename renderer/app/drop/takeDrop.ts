/** Does what a drop asks for, and says what does not fit. */
import { fileName, listedPath } from "../../format/paths.ts";

import { text } from "../../text/en.ts";
import { go } from "../hooks.ts";
import type { Screen } from "../route.ts";
import type { Workbench } from "../workbench.ts";
import type { DropPlan } from "./dropPlan.ts";

const words = text.drop;

/** Ends where the last thing is found that was taken over: a form before a set of data before a model. */
export async function takeDrop(workbench: Workbench, plan: DropPlan): Promise<void> {
  const models = await addModels(workbench, plan);
  const sets = await importData(workbench, plan);
  workbench.undone.setState((count) => count + 1, true);
  const { form, placeless } = plan;
  const [model, set] = [models.at(-1), sets.at(-1)];
  if (form !== null) go(form.screen, "new", "with", form.setting, form.path);
  else if (set !== undefined) go("data", set);
  else if (model !== undefined) go("models", model);
  else if (plan.folders.length > 0) go("models");
  else if (placeless !== null) openEmpty(placeless.screen);
  if (models.length > 1) workbench.toasts.say(words.models(models.length));
  if (sets.length > 1) workbench.toasts.say(words.sets(sets.length));
  for (const message of leftOut(plan)) workbench.toasts.say(message);
}

/** Those that could be added, each once, however many of its files were dropped; the others are said by themselves. */
async function addModels(workbench: Workbench, { models, folders }: DropPlan): Promise<string[]> {
  const added: string[] = [];
  for (const path of models) {
    const library = await workbench.attempt(() => workbench.client.models.add({ path }));
    if (library === null) continue;
    const listed = listedPath(library.models, path);
    if (!added.includes(listed)) added.push(listed);
  }
  for (const folder of folders) {
    const found = await workbench.attempt(() => workbench.client.models.scan({ folder }));
    if (found === null) continue;
    workbench.toasts.say(text.models.scanned(found.added.length, found.known));
    added.push(...found.added);
  }
  return added;
}

/** Ids of the sets that were imported. */
async function importData(workbench: Workbench, { imports }: DropPlan): Promise<string[]> {
  const sets: string[] = [];
  for (const path of imports) {
    const set = await workbench.attempt(() => workbench.client.data.import({ path }));
    if (set !== null) sets.push(set.id);
  }
  return sets;
}

/** Where the file is to be chosen by hand. */
function openEmpty(screen: Screen): void {
  if (screen === "models" || screen === "data") go(screen);
  else go(screen, "new");
}

function leftOut({ unknown, second, placeless, form }: DropPlan): string[] {
  const names = (files: readonly { readonly name: string }[]) => files.map(({ name }) => name).join(", ");
  return [
    ...(placeless === null ? [] : [words.placeless(names(placeless.files), words.instead(placeless.screen))]),
    ...(second.length === 0 || form === null ? [] : [words.second(names(second), fileName(form.path))]),
    ...(unknown.length === 0 ? [] : [words.unknown(names(unknown))]),
  ];
}
