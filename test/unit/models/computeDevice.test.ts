import { describe, expect, test } from "vitest";
import type { GpuFacts } from "../../../core/alignment/nativeTrainer.ts";
import { chooseTrainingDevice, type DeviceTools } from "../../../core/alignment/trainingDevice.ts";
import { FolkmootError } from "../../../core/contract/errors.ts";
import type { GpuKind } from "../../../core/models/llama/libraries.ts";

const gib = 2 ** 30;

function card(over: Partial<GpuFacts> = {}): GpuFacts {
  return { name: "CUDA0", description: "a card", software: false, freeBytes: 8 * gib, totalBytes: 12 * gib, ...over };
}

/** A machine by what each kind finds; a kind that is null fails to load. */
function machine(kinds: Partial<Record<GpuKind, readonly GpuFacts[] | null>>): DeviceTools {
  return {
    supportedKinds: async () => Object.keys(kinds) as GpuKind[],
    libraryFolder: (device) => `/libraries/${device}`,
    listGpus: async (libraries) => {
      const found = kinds[libraries.slice("/libraries/".length) as GpuKind];
      if (found === null)
        throw new FolkmootError("native-mismatch", { message: "Other libraries are loaded.", action: "-" });
      return found ?? [];
    },
  };
}

const withFree = (bytes: number) => (freeBytes: number) => freeBytes >= bytes;
const processor = { libraries: "/libraries/cpu", gpu: false };

describe("auto", () => {
  test("takes the first kind that has a card with room", async () => {
    const tools = machine({ cuda: [card({ freeBytes: gib })], vulkan: [card()] });
    const large = await chooseTrainingDevice("auto", withFree(2 * gib), tools);
    expect(large).toEqual({ libraries: "/libraries/vulkan", gpu: true });
    expect(await chooseTrainingDevice("auto", withFree(gib / 2), tools)).toEqual({
      libraries: "/libraries/cuda",
      gpu: true,
    });
  });

  test.each([
    ["without a card", machine({ vulkan: [] })],
    ["with too little memory on it", machine({ cuda: [card({ freeBytes: gib })] })],
    ["with Mesa's software Vulkan only", machine({ vulkan: [card({ software: true })] })],
    ["where the libraries cannot be loaded", machine({ cuda: null })],
    ["without a driver", machine({})],
  ])("takes the processor %s", async (_, tools) => {
    expect(await chooseTrainingDevice("auto", withFree(2 * gib), tools)).toEqual(processor);
  });
});

test("off asks no driver", async () => {
  const tools = { ...machine({ cuda: [card()] }), supportedKinds: () => Promise.reject(new Error("asked")) };
  expect(await chooseTrainingDevice("off", withFree(0), tools)).toEqual(processor);
});

test("a kind by name is taken as it is, or refused; never the processor unseen", async () => {
  const tools = machine({ vulkan: [card({ software: true, freeBytes: 0 })], cuda: [] });
  const named = await chooseTrainingDevice("vulkan", withFree(gib), tools);
  expect(named).toEqual({ libraries: "/libraries/vulkan", gpu: true });
  await expect(chooseTrainingDevice("cuda", withFree(0), tools)).rejects.toMatchObject({ code: "device-unsupported" });
});
