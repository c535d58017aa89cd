/**
 * The workbench for a browser on this machine: the page's files over HTTP, the contract over a WebSocket at /rpc, both
 * on 127.0.0.1 alone and only for who has the token.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { RPCHandler } from "@orpc/server/ws";
import { type WebSocket, WebSocketServer } from "ws";
import { FolkmootError } from "../../contract/errors.ts";
import { freshNonce, securityHeaders } from "../../page/contentSecurityPolicy.ts";
import { openPageFiles, type PageFiles } from "../../page/pageFiles.ts";
import type { Workbench } from "../openWorkbench.ts";
import type { FaceContext } from "../router/implementer.ts";
import { errorInterceptors, workbenchRouter } from "../router/router.ts";
import { Access, type AccessRequest, freshToken, pathOf } from "./access.ts";
import { socketLine } from "./socketLine.ts";

const loopback = "127.0.0.1";
const socketPath = "/rpc";
/** Largest message from a page, bytes; settings and annotations are far smaller. */
const mostMessageBytes = 4 * 1024 * 1024;
/** Bytes waiting for a page that does not read; beyond it the line is cut, and the page asks again "since n". */
const mostWaitingBytes = 32 * 1024 * 1024;
/** A page answers pings by itself, however busy its scripts are. */
const lookMs = 30_000;
const mostConnections = 64;

export interface WebServerOptions {
  readonly workbench: Workbench;
  /** 0 = any free one. */
  readonly port: number;
  /** Folder of the built page; null or missing = a line that says so in its place. */
  readonly page: string | null;
}

export interface WebServer extends AsyncDisposable {
  /** With the token. */
  readonly url: string;
  readonly port: number;
  /** Open lines. */
  readonly lines: number;
  close(): Promise<void>;
}

/** @throws FolkmootError `bad-setting` when the port is taken. */
export async function startWebServer({ workbench, port, page }: WebServerOptions): Promise<WebServer> {
  const files = page === null ? null : await openPageFiles(page).catch(() => null);
  const server = createServer({ maxHeaderSize: 16 * 1024 });
  server.maxConnections = mostConnections;
  await listen(server, port);
  const bound = (server.address() as AddressInfo).port;
  const token = freshToken();
  const access = new Access(token, bound);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: mostMessageBytes, perMessageDeflate: false });
  const handler = new RPCHandler<FaceContext>(workbenchRouter, { clientInterceptors: errorInterceptors });
  server.on("request", (request, response) => {
    void answer(request, response, access, files).catch(() => response.destroy());
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refuseSocket(accessRequest(request), access);
    if (refusal !== null) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (line) => {
      line.on("error", () => line.terminate());
      void handler.upgrade(socketLine(line), { context: { workbench } });
    });
  });
  const watch = watchLines(sockets);
  const close = async () => {
    clearInterval(watch);
    for (const line of sockets.clients) line.terminate();
    sockets.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    url: `http://${loopback}:${bound}/?token=${token}`,
    port: bound,
    get lines() {
      return sockets.clients.size;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE" && error.code !== "EACCES") return reject(error);
      reject(
        new FolkmootError(
          "bad-setting",
          {
            message: `Port ${port} cannot be used.`,
            reason: error.code === "EACCES" ? "The system keeps it for itself." : "Another program listens there.",
            action: "Name another port, or leave it out to get a free one.",
            details: { setting: "port", port },
          },
          { cause: error },
        ),
      );
    });
    server.listen({ host: loopback, port }, resolve);
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  access: Access,
  files: PageFiles | null,
): Promise<void> {
  const asked = accessRequest(request);
  if (!access.isOurHost(asked)) return say(response, 421, "This address is not served here.");
  if (!access.hasToken(asked))
    return say(response, 401, "The address lacks its token. Open the one that folkmoot serve printed.");
  if (access.hasTokenInUrl(asked)) response.setHeader("Set-Cookie", access.cookie);
  if (files === null)
    return say(
      response,
      503,
      "The window is not built in this copy of Folkmoot. Run npm run build, then start it again.",
    );
  const found = await files.respond(request.method ?? "GET", pathOf(asked.url));
  response.writeHead(found.status, found.headers);
  response.end(found.body);
}

function say(response: ServerResponse, status: number, text: string): void {
  const headers = {
    ...securityHeaders(freshNonce()),
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
  };
  response.writeHead(status, headers);
  response.end(`${text}\n`);
}

/** The status line of the refusal; null when the socket may open. */
function refuseSocket(asked: AccessRequest, access: Access): string | null {
  if (pathOf(asked.url) !== socketPath) return "404 Not Found";
  if (!access.isOurHost(asked)) return "421 Misdirected Request";
  if (!access.isOurOrigin(asked)) return "403 Forbidden";
  return access.hasToken(asked) ? null : "401 Unauthorized";
}

function accessRequest({ headers, url }: IncomingMessage): AccessRequest {
  return { host: headers.host, origin: headers.origin, url: url ?? "/", cookie: headers.cookie };
}

/** Cuts lines whose page is gone without a word (it answered no ping) or does not read any more. */
function watchLines(sockets: WebSocketServer): NodeJS.Timeout {
  const silent = new WeakSet<WebSocket>();
  const timer = setInterval(() => {
    for (const line of sockets.clients) {
      if (line.bufferedAmount > mostWaitingBytes || silent.has(line)) {
        line.terminate();
        continue;
      }
      silent.add(line);
      line.once("pong", () => silent.delete(line));
      line.ping();
    }
  }, lookMs);
  timer.unref();
  return timer;
}
