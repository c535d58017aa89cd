/** Where the models of a society or an evaluation compute. */
import { asLayers, asText, type SettingFlag } from "./flags.ts";

export const deviceFlags: readonly SettingFlag[] = [
  {
    flags: "--gpu <name>",
    path: "gpu",
    help: "auto (a GPU for models of 512 MiB and more, else the processor), off, cuda, vulkan or metal",
    read: asText,
  },
  {
    flags: "--gpu-layers <n>",
    path: "gpuLayers",
    help: "layers that live on the GPU, the others stay on the processor: auto (as many as fit) or a number",
    read: asLayers,
  },
];
