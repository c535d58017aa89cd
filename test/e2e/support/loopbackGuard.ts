/**
 * Loaded into every Node process of the workbench under test (NODE_OPTIONS): writes down whatever would be connected to
 * outside this machine, and does not connect it.
 */
import { appendFileSync } from "node:fs";
import { isIP, Socket } from "node:net";

/** File that the connections are written to, one `host:port` a line. */
export const guardVariable = "FOLKMOOT_TEST_CONNECTIONS";

const loopback = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+|localhost)$/;

interface Target {
  readonly host?: string;
  readonly port?: number | string;
  readonly path?: string;
}

/** `host:port` when that is not this machine. Null for pipes and for loopback. */
function foreign(args: readonly unknown[]): string | null {
  const [first, second] = (Array.isArray(args[0]) ? args[0] : args) as [unknown, unknown];
  const target: Target =
    typeof first === "object" && first !== null
      ? first
      : typeof second === "string"
        ? { port: first as number, host: second }
        : isIP(String(first)) === 0 && Number.isNaN(Number(first))
          ? { path: String(first) }
          : { port: first as number };
  if (target.path !== undefined) return null;
  const host = target.host ?? "localhost";
  return loopback.test(host) ? null : `${host}:${target.port}`;
}

const file = process.env[guardVariable];
if (file !== undefined) {
  const connect = Socket.prototype.connect;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    const target = foreign(args);
    if (target === null) return Reflect.apply(connect, this, args);
    appendFileSync(file, `${target}\n`);
    return this.destroy(new Error(`${target} is outside this machine.`));
  } as typeof connect;
}
