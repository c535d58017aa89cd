/** Accessibility of what is shown now, by axe. */
import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly help: string;
  readonly nodes: readonly { readonly target: unknown; readonly failureSummary?: string }[];
}

/** Fails on every serious or critical finding, with where it is and what to do. */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  // As an expression of the debugger: the page's own policy lets no script in.
  if (!(await page.evaluate("typeof globalThis.axe === 'object'"))) await page.evaluate(`${axe.source};0`);
  const findings = await page.evaluate<Finding[]>(
    "globalThis.axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
  );
  const grave = findings
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${String(target)}: ${failureSummary ?? ""}`),
    );
  expect(grave, `accessibility of ${where}`).toEqual([]);
}
