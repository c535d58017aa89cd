/** Asks before work is lost: closing the window may leave jobs running without it, quitting stops them. */
import type { MessageBoxOptions } from "electron";
import type { LiveJob } from "./liveJobs.ts";

export type CloseChoice = "keep-running" | "stop" | "cancel";
export type QuitChoice = "stop" | "cancel";

const closeChoices: readonly CloseChoice[] = ["keep-running", "stop", "cancel"];
const quitChoices: readonly QuitChoice[] = ["cancel", "stop"];

/** Names shown before the rest is counted. */
const namesShown = 3;

export const closeQuestion = {
  box: (jobs: readonly LiveJob[]): MessageBoxOptions => ({
    type: "question",
    message: `${subject(jobs)} still running.`,
    detail: `${names(jobs)}\n\nWithout its window Folkmoot goes on and says when it has finished; start Folkmoot again to see it. What is stopped keeps everything finished and can be resumed.`,
    buttons: ["Close and keep running", "Stop and quit", "Cancel"],
    defaultId: closeChoices.indexOf("keep-running"),
    cancelId: closeChoices.indexOf("cancel"),
    noLink: true,
  }),
  choice: (response: number): CloseChoice => closeChoices[response] ?? "cancel",
};

export const quitQuestion = {
  box: (jobs: readonly LiveJob[]): MessageBoxOptions => ({
    type: "question",
    message: `Stop and quit? ${subject(jobs)} still running.`,
    detail: `${names(jobs)}\n\nEverything finished so far is kept and can be resumed.`,
    buttons: ["Cancel", "Stop and quit"],
    defaultId: quitChoices.indexOf("cancel"),
    cancelId: quitChoices.indexOf("cancel"),
    noLink: true,
  }),
  choice: (response: number): QuitChoice => quitChoices[response] ?? "cancel",
};

function subject(jobs: readonly LiveJob[]): string {
  return jobs.length === 1 ? "A job is" : `${jobs.length} jobs are`;
}

function names(jobs: readonly LiveJob[]): string {
  const first = jobs.slice(0, namesShown).map((job) => job.name);
  const rest = jobs.length - first.length;
  return `${first.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
