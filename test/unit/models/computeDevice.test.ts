import { describe, expect, test } from "vitest";
import type { GpuKind } from "../../../core/contract/device.ts";
import { FolkmootError } from "../../../core/contract/errors.ts";
import { chooseDevice, type DeviceTools } from "../../../core/models/llama/computeDevice.ts";

const gib = 2 ** 30;

interface Card {
  readonly software: boolean;
  readonly freeBytes: number;
}

function card(over: Partial<Card> = {}): Card {
  return { software: false, freeBytes: 8 * gib, ...over };
}

/** A machine by what each kind finds; a kind that is null fails to load. */
function machine(kinds: Partial<Record<GpuKind, readonly Card[] | null>>): DeviceTools {
  return {
    supportedKinds: async () => Object.keys(kinds) as GpuKind[],
    listGpus: async (kind) => {
      const found = kinds[kind];
      if (found === null)
        throw new FolkmootError("native-mismatch", { message: "Other libraries are loaded.", action: "-" });
      return found ?? [];
    },
  };
}

const withFree = (bytes: number) => (freeBytes: number) => freeBytes >= bytes;

describe("auto", () => {
  test("takes the first kind that has a card with room", async () => {
    const tools = machine({ cuda: [card({ freeBytes: gib })], vulkan: [card()] });
    const large = await chooseDevice("auto", withFree(2 * gib), tools);
    expect(large).toBe("vulkan");
    expect(await chooseDevice("auto", withFree(gib / 2), tools)).toBe("cuda");
  });

  test.each([
    ["without a card", machine({ vulkan: [] })],
    ["with too little memory on it", machine({ cuda: [card({ freeBytes: gib })] })],
    ["with Mesa's software Vulkan only", machine({ vulkan: [card({ software: true })] })],
    ["where the libraries cannot be loaded", machine({ cuda: null })],
    ["without a driver", machine({})],
  ])("takes the processor %s", async (_, tools) => {
    expect(await chooseDevice("auto", withFree(2 * gib), tools)).toBeNull();
  });
});

test("off asks no driver", async () => {
  const tools = { ...machine({ cuda: [card()] }), supportedKinds: () => Promise.reject(new Error("asked")) };
  expect(await chooseDevice("off", withFree(0), tools)).toBeNull();
});

test("a kind by name is taken as it is, or refused; never the processor unseen", async () => {
  const tools = machine({ vulkan: [card({ software: true, freeBytes: 0 })], cuda: [] });
  const named = await chooseDevice("vulkan", withFree(gib), tools);
  expect(named).toBe("vulkan");
  await expect(chooseDevice("cuda", withFree(0), tools)).rejects.toMatchObject({ code: "device-unsupported" });
  const broken = machine({ cuda: null, vulkan: [card()] });
  await expect(chooseDevice("cuda", withFree(0), broken)).rejects.toMatchObject({ code: "native-mismatch" });
});
