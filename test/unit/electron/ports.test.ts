import { expect, it } from "vitest";
import { MessageChannelMain } from "../../support/electron/ports.ts";

it("what was said to a port before it moved follows the news of its move, in order", () => {
  const { port1, port2 } = new MessageChannelMain();
  const heard: unknown[] = [];
  port1.postMessage("asked early");
  port2.moveTo({ post: (data) => heard.push(data), close: () => heard.push("closed") });
  heard.push("the port has arrived");
  port2.sendOn();
  port1.postMessage("asked later");
  port1.close();
  expect(heard).toEqual(["the port has arrived", "asked early", "asked later", "closed"]);
});
