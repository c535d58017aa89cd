import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { completeLock, missingOptional } from "../../../scripts/setup/completeLock.mjs";
import { installationProblem, staleReason } from "../../../scripts/setup/installed.mjs";
import { describeMissing, missingTools, nodeProblem } from "../../../scripts/setup/requirements.mjs";
import { fingerprint } from "../../../scripts/setup/stamp.mjs";
import { tally } from "../../../scripts/tally.mjs";

describe("what the machine must have", () => {
  it("names a Node that is too old and what to do, and accepts 20", () => {
    expect(nodeProblem("v18.19.1")).toMatch(/Node 20 or newer.*v18\.19\.1[\s\S]*nodejs\.org/);
    expect(nodeProblem("v20.0.0")).toBeNull();
    expect(nodeProblem("v24.21.0")).toBeNull();
  });

  it("names every missing tool with how to get it on this system", () => {
    const missing = missingTools((command) => command === "git");
    expect(missing.map((tool) => tool.name)).toEqual(["a C++ compiler", "cmake"]);
    expect(describeMissing(missing, "linux")).toContain("apt-get install cmake");
    expect(describeMissing(missing, "darwin")).toContain("xcode-select --install");
  });

  it("is content with any one of the compilers", () => {
    expect(missingTools((command) => ["git", "clang++", "cmake"].includes(command))).toEqual([]);
  });
});

describe("whether npm ci is needed", () => {
  const lock = {
    packages: {
      "": { version: "0.1.0" },
      "node_modules/zod": { version: "4.6.7" },
      "node_modules/@scope/a/node_modules/zod": { version: "3.0.0" },
      "node_modules/fsevents": { version: "2.3.3", optional: true },
    },
  };
  const complete = {
    packages: {
      "node_modules/zod": { version: "4.6.7" },
      "node_modules/@scope/a/node_modules/zod": { version: "3.0.0" },
    },
  };

  it("is not, when all but the optional packages of other platforms are there", () => {
    expect(staleReason(lock, complete)).toBeNull();
  });

  it("is, when a package is absent or of another version, and says which", () => {
    expect(staleReason(lock, { packages: { "node_modules/zod": { version: "4.6.7" } } })).toBe("zod is not installed");
    const older = { packages: { ...complete.packages, "node_modules/zod": { version: "4.0.0" } } };
    expect(staleReason(lock, older)).toBe("zod is 4.0.0, the lock says 4.6.7");
  });
});

describe("on a folder", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "folkmoot-setup-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("a clone without node_modules asks for the installation", () => {
    writeFileSync(join(folder, "package-lock.json"), "{}");
    expect(installationProblem(folder)).toBe("node_modules is missing");
  });

  it("the fingerprint follows contents, names and facts, never times or skipped folders", () => {
    mkdirSync(join(folder, "native", "build"), { recursive: true });
    writeFileSync(join(folder, "native", "a.cpp"), "one");
    const print = (facts: string[] = []) => fingerprint(folder, ["native"], { skip: ["native/build"], facts });
    const before = print();
    utimesSync(join(folder, "native", "a.cpp"), 1, 1);
    writeFileSync(join(folder, "native", "build", "folkmoot.node"), "binary");
    expect(print()).toBe(before);
    expect(print(["node-llama-cpp 9"])).not.toBe(before);
    writeFileSync(join(folder, "native", "a.cpp"), "two");
    expect(print()).not.toBe(before);
    writeFileSync(join(folder, "native", "a.cpp"), "one");
    expect(print()).toBe(before);
    writeFileSync(join(folder, "native", "b.cpp"), "");
    expect(print()).not.toBe(before);
  });
});

describe("the last line of npm test", () => {
  const file = (status: string, ...tests: string[]) => ({
    status,
    assertionResults: tests.map((test) => ({ status: test })),
  });

  it("counts tests and checks, and keeps skipped ones apart", () => {
    const report = { testResults: [file("passed", "passed", "passed", "skipped"), file("failed", "failed", "passed")] };
    expect(tally([true, false], report, 1)).toEqual({ passed: 4, failed: 2, skipped: 1 });
  });

  it("never says 0 failed when something failed outside a test", () => {
    expect(tally([true], { testResults: [file("failed")] }, 1).failed).toBe(1);
    expect(tally([true], { testResults: [file("failed", "passed")] }, 1).failed).toBe(1);
    expect(tally([true], { testResults: [file("passed", "passed")] }, 1).failed).toBe(1);
    expect(tally([true], null, null).failed).toBe(1);
    expect(tally([false], null, 1).failed).toBe(2);
  });
});

describe("package-lock.json", () => {
  const lockOf = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Parameters<typeof missingOptional>[0];

  it("has an entry for every optional package of every platform, or `npm ci` refuses it on a fresh clone", () => {
    const missing = missingOptional(lockOf(join(import.meta.dirname, "..", "..", "..", "package-lock.json")));
    expect(
      missing.map(({ path }) => path),
      "npm left packages of other platforms out: run `node scripts/setup/completeLock.mjs`",
    ).toEqual([]);
  });

  it("gets what npm left out, with the platform that keeps npm from fetching it here", () => {
    const lock: Parameters<typeof completeLock>[0] = {
      packages: {
        "": {},
        "node_modules/tool": {
          dev: true,
          optionalDependencies: { "@tool/linux-arm64-musl": "1.2.3", "@tool/win32-x64": "1.2.3" },
        },
        "node_modules/tool/node_modules/@tool/win32-x64": { version: "1.2.3" },
      },
    };
    expect(completeLock(lock)).toEqual(["node_modules/@tool/linux-arm64-musl"]);
    expect(lock.packages["node_modules/@tool/linux-arm64-musl"]).toEqual({
      version: "1.2.3",
      cpu: ["arm64"],
      libc: ["musl"],
      os: ["linux"],
      dev: true,
      optional: true,
    });
    expect(completeLock(lock)).toEqual([]);
  });
});
