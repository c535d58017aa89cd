/** Types of the workbench contract that its files name as schemas only. */
import type { z } from "zod";
import type { EvaluationLine } from "../core/contract/evaluation.ts";
import type { chatSession } from "../core/contract/workbench/chat.ts";
import type { histogramBar } from "../core/contract/workbench/common.ts";
import type { dataPage, dataRow } from "../core/contract/workbench/data.ts";
import type { outcomes, questionFile } from "../core/contract/workbench/evaluation.ts";
import type { about, fileEntry, settingsChange } from "../core/contract/workbench/machine.ts";
import type { fit, library } from "../core/contract/workbench/models.ts";
import type { stationState } from "../core/contract/workbench/runs.ts";

export type { Capabilities, MachineState, Settings } from "../core/contract/workbench/machine.ts";
export type About = z.infer<typeof about>;
export type SettingsChange = z.infer<typeof settingsChange>;
export type FileEntry = z.infer<typeof fileEntry>;
export type HistogramBar = z.infer<typeof histogramBar>;
export type DataRow = z.infer<typeof dataRow>;
export type DataPage = z.infer<typeof dataPage>;
export type ChatSession = z.infer<typeof chatSession>;
export type QuestionFile = z.infer<typeof questionFile>;
export type Outcome = (typeof outcomes)[number];
export type Library = z.infer<typeof library>;
export type Fit = z.infer<typeof fit>;
export type StationState = z.infer<typeof stationState>;
export type AnswerRow = EvaluationLine & { readonly outcome: Outcome | null };
