import { fileURLToPath } from "node:url";

const fixture = (path: string) => fileURLToPath(new URL(`../../fixtures/${path}`, import.meta.url));

/** Two layers, 64 wide, SPM vocabulary of 512, random weights. */
export const f32Model = fixture("cases/llama/model.gguf");
/** The same, quantized. */
export const q8Model = fixture("models/llama-q8_0.gguf");
export const adapterFile = fixture("cases/llama/adapter.gguf");
export const caseFile = fixture("cases/llama/case.json");
