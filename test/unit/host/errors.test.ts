import { ORPCError } from "@orpc/client";
import { describe, expect, it } from "vitest";
import { errorCodes, FolkmootError } from "../../../core/contract/errors.ts";
import { describeExit } from "../../../core/host/crash.ts";
import { fromWireError, toWireError } from "../../../core/host/errors.ts";

describe("errors over the wire", () => {
  it.each(errorCodes)("keep code, texts and details: %s", (code) => {
    const error = new FolkmootError(code, {
      message: "What.",
      reason: "Why.",
      action: "Do.",
      details: { path: "/a", nested: { n: 1 } },
    });
    const sent: unknown = JSON.parse(JSON.stringify(toWireError(error).toJSON()));
    const received = fromWireError(new ORPCError("FOLKMOOT", { data: (sent as { data: unknown }).data }));
    expect(received.toJSON()).toEqual(error.toJSON());
  });

  it("carry no stack and name a fault of ours as such", () => {
    const wire = toWireError(new TypeError("x is not a function"));
    expect(wire.data).toMatchObject({ code: "internal" });
    expect(JSON.stringify(wire.data)).not.toContain("at ");
  });
});

describe("describeExit", () => {
  it("says that memory is the likely cause of a kill, and what to lower", () => {
    const error = describeExit("engine", { code: null, signal: "SIGKILL", stderr: "" });
    expect([error.code, error.reason, error.action].join(" ")).toMatch(/native-crash .*memory.* fewer sequences/);
    const trainer = describeExit("trainer", { code: null, signal: "SIGKILL", stderr: "" });
    expect(trainer.action).toMatch(/--activations recompute.*what was finished is kept/);
  });

  it.each(["SIGSEGV", "SIGABRT"] as const)("suspects the file after %s and keeps the last words", (signal) => {
    const error = describeExit("trainer", { code: null, signal, stderr: "GGML_ASSERT(x) failed" });
    expect(error.message).toContain(`trainer process ended unexpectedly (${signal})`);
    expect(error.reason).toContain("damaged");
    expect(error.details).toMatchObject({ stderr: "GGML_ASSERT(x) failed" });
  });
});
