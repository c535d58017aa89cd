import { spawnSync } from "node:child_process";
import { afterEach, expect, it, vi } from "vitest";
import { mainPidVariable, onParentGone } from "../../../core/host/port.ts";

afterEach(() => vi.unstubAllEnvs());

it("a utility process whose main died before it looked first is told at once", () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  vi.stubEnv(mainPidVariable, String(pid));
  const gone = vi.fn();
  onParentGone(gone);
  expect(gone).toHaveBeenCalledTimes(1);
});

it("and one whose main lives is not", () => {
  vi.stubEnv(mainPidVariable, String(process.pid));
  const gone = vi.fn();
  onParentGone(gone);
  expect(gone).not.toHaveBeenCalled();
});
