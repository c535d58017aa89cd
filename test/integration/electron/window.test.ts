import { expect, it } from "vitest";
import { describeInChromium } from "../../support/chromium.ts";
import { launchFixture, lineOpen } from "../../support/electron/launchFixture.ts";

describeInChromium("the desktop window", () => {
  it("shows the page and hands it a port", async () => {
    await using desktop = await launchFixture();
    const page = await desktop.page();
    expect(await page.title()).toBe("Fixture");
    console.log(
      await page.evaluate("[Object.keys(window.folkmoot), Object.isFrozen(window.folkmoot), window.folkmoot.platform]"),
    );
    await lineOpen(page);
    console.log(
      await page.evaluate(
        `new Promise((resolve) => { const [port] = window.ports; port.onmessage = (e) => resolve(e.data); port.postMessage({ map: new Map([[1, new Date(5)]]), bytes: new Uint8Array([1,2]) }) })`,
      ),
    );
    console.log(await page.evaluate("window.violations"), desktop.errors());
  });
});
