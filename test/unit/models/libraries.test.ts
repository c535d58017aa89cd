import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ggmlLibraryFolder, libraryVariant, llamaCppVersion } from "../../../core/models/llama/libraries.ts";

describe("libraryVariant", () => {
  it.each([
    ["cpu", "linux", "x64", "linux-x64"],
    ["vulkan", "linux", "x64", "linux-x64-vulkan"],
    ["cpu", "linux", "arm", "linux-armv7l"],
    ["cuda", "win32", "x64", "win-x64-cuda"],
    ["cpu", "darwin", "arm64", "mac-arm64-metal"],
    ["cpu", "darwin", "x64", "mac-x64"],
  ] as const)("%s on %s %s is %s", (device, platform, architecture, variant) => {
    expect(libraryVariant(device, platform, architecture)).toBe(variant);
  });

  it.each([
    ["metal", "linux"],
    ["cuda", "darwin"],
    ["vulkan", "darwin"],
  ] as const)("%s is not on %s, rather than another kind in its place", (device, platform) => {
    expect(() => libraryVariant(device, platform, "arm64")).toThrowError(
      expect.objectContaining({ code: "device-unsupported" }) as Error,
    );
  });

  it("says so where there are no libraries", () => {
    expect(() => libraryVariant("cpu", "aix", "ppc64")).toThrowError(
      expect.objectContaining({ code: "native-missing" }) as Error,
    );
  });
});

describe("ggmlLibraryFolder", () => {
  it("holds ggml of the pinned llama.cpp", () => {
    const folder = ggmlLibraryFolder({ device: "cpu" });
    expect(["so", "dylib", "dll"].some((end) => existsSync(join(folder, `libggml-base.${end}`)))).toBe(
      process.platform !== "win32",
    );
    expect(llamaCppVersion(folder)).toBe("v0.5.0");
  });
});
