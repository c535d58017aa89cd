/** That nothing leaves this machine is not only observed (every window of these specs is watched) but enforced. */
import { expect, it } from "vitest";
import { describeInChromium } from "../support/chromium.ts";
import { openStory } from "./support/story.ts";

/** Asks outside in three ways, and answers with the directives that refused it. */
const askOutside = `new Promise((resolve) => {
  const refused = [];
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
    refused.push(effectiveDirective + " " + new URL(blockedURI).host);
    if (refused.length === 3) resolve(refused.sort());
  });
  fetch("https://model.example/model.gguf").catch(() => {});
  document.createElement("img").src = "https://picture.example/pixel.png";
  try { new WebSocket("wss://socket.example/") } catch {}
})`;

describeInChromium("the network", () => {
  const story = openStory("network");

  it("is closed to the page: its policy refuses before anything is sent", async () => {
    const failures: (string | undefined)[] = [];
    story.page.on("requestfailed", (request) => failures.push(request.failure()?.errorText));
    expect(await story.page.evaluate(askOutside)).toEqual([
      "connect-src model.example",
      "connect-src socket.example",
      "img-src picture.example",
    ]);
    // Where the browser reports an attempt as a request at all, it is one that the policy kept back.
    expect(failures).toEqual(story.window.foreign.map(() => "csp"));
    story.window.foreign.splice(0);
    // It also reports each refusal on the console.
    expect(story.window.faults.splice(0).join()).toContain("model.example");
  });

  it("is closed to others on this machine: without the token there is nothing but a refusal", async () => {
    const { origin } = new URL(story.serving.url);
    for (const path of ["/", "/index.html", "/assets/", "/rpc"])
      expect((await fetch(`${origin}${path}`)).status, path).toBe(401);
  });
});
