/** File types that a merged export may have, by llama.cpp's names, as the contract lists them. */
import { exportMergedConfig } from "../../../core/contract/jobs.ts";

export const quantizationTypes = exportMergedConfig.shape.type.def.innerType.options;
