/** What oRPC needs of a socket, with everything kept from it that is no message of its own. */

import type { WebSocket } from "ws";
import { z } from "zod";

/** "Unsupported data" (RFC 6455, section 7.4.1). */
const nonsense = 1007;

/** A request names its procedure; other messages belong to one that is under way. Texts only: nothing here sends files. */
const message = z.union([
  z.object({ i: z.string(), t: z.literal(1).optional(), p: z.object({ u: z.string().startsWith("/") }) }),
  z.object({ i: z.string(), t: z.literal([3, 4]) }),
]);

/** A page that sends anything else is not ours, or broken: its line is closed. */
export function socketLine(socket: WebSocket): Pick<WebSocket, "addEventListener" | "send"> {
  const addEventListener = (type: string, listener: (event: { data?: unknown }) => void) => {
    if (type !== "message") return socket.addEventListener(type as "close", listener as () => void);
    socket.addEventListener("message", (event) => {
      if (isMessage(event.data)) listener(event);
      else socket.close(nonsense);
    });
  };
  return { addEventListener: addEventListener as WebSocket["addEventListener"], send: socket.send.bind(socket) };
}

function isMessage(data: unknown): boolean {
  if (typeof data !== "string") return false;
  try {
    return message.safeParse(JSON.parse(data)).success;
  } catch {
    return false;
  }
}
