import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { openWorkbench } from "../../../core/workbench/openWorkbench.ts";
import { startWebServer } from "../../../core/workbench/serve/webServer.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { openLine, smallSociety, watchToEnd, watchUntil, writeMaterial } from "../../support/workbenchFaces.ts";

const cli = join(import.meta.dirname, "..", "..", "..", "cli", "main.ts");

interface Serving {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly url: string;
  readonly out: () => string;
  readonly ended: Promise<number | null>;
}

async function startServe(workspace: string): Promise<Serving> {
  const child = spawn(
    process.execPath,
    [cli, "serve", "--workspace", workspace, "--port", "0", "--no-open", "--json"],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  let [out, error] = ["", ""];
  child.stderr.on("data", (data) => {
    error += data;
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (data) => {
      out += data;
      if (out.includes("\n")) resolve(JSON.parse(out.slice(0, out.indexOf("\n"))).url);
    });
    child.once("exit", () => reject(new Error(`serve ended: ${error}`)));
  });
  return { child, url, out: () => out, ended };
}

/** Processes whose parent is `pid`, or was, as far as /proc says. */
async function descendants(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc"))
    if (/^\d+$/.test(name)) {
      const text = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
      parents.set(Number(name), Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]));
    }
  const found = [pid];
  for (let i = 0; i < found.length; i++)
    for (const [child, parent] of parents) if (parent === found[i]) found.push(child);
  return found.slice(1);
}

const isAlive = (pid: number) =>
  stat(`/proc/${pid}`).then(
    () => true,
    () => false,
  );

interface Asked {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly method?: string;
}

function ask(url: string, { path = "/", headers = {}, method = "GET" }: Asked) {
  const { port } = new URL(url);
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      let body = "";
      response.on("data", (data) => {
        body += data;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asking.once("error", reject);
    asking.end();
  });
}

/** How a socket was refused: the status, or `open`. */
function knock(url: string, path: string, options: { origin?: string; headers?: Record<string, string> }) {
  const { port } = new URL(url);
  return new Promise<string>((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
    socket.once("open", () => {
      socket.terminate();
      resolve("open");
    });
    socket.once("unexpected-response", (_, response) => resolve(String(response.statusCode)));
    socket.once("error", () => resolve("error"));
  });
}

describe("folkmoot serve", () => {
  it("prints one line, serves its own page alone, and refuses every stranger", async () => {
    const folder = await temporaryFolder();
    const page = join(folder, "page");
    await mkdir(page);
    await writeFile(join(page, "index.html"), '<script nonce="FOLKMOOT_NONCE" src="/app.js"></script>');
    await writeFile(join(page, "app.js"), "1");
    await using workbench = await openWorkbench({ workspace: join(folder, "workspace") });
    await using server = await startWebServer({ workbench, port: 0, page });
    const { url } = server;
    const { search, origin, host, port } = new URL(url);
    const token = search.slice("?token=".length);
    expect(token).toMatch(/^[0-9a-f]{64}$/);

    const first = await ask(url, { path: `/${search}` });
    expect(first.status).toBe(200);
    expect(first.headers["cache-control"]).toBe("no-store");
    const policy = String(first.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain(/nonce="([^"]+)"/.exec(first.body)?.[1] ?? "no nonce");
    const cookie = String(first.headers["set-cookie"]).split(";")[0] ?? "";
    expect((await ask(url, { path: "/app.js", headers: { cookie } })).status).toBe(200);

    for (const [why, asked, status] of [
      ["no token", { path: "/" }, 401],
      ["no token for a script", { path: "/app.js" }, 401],
      ["a wrong token", { path: `/?token=${"0".repeat(64)}` }, 401],
      ["a rebound name", { path: `/${search}`, headers: { host: `evil.example:${port}` } }, 421],
      ["another port's name", { path: `/${search}`, headers: { host: "127.0.0.1:1" } }, 421],
      ["a way out of the folder", { path: `/../workspace/workspace.json${search}` }, 404],
      ["a way out, encoded", { path: `/%2e%2e/workspace/workspace.json${search}` }, 404],
      ["writing", { path: `/${search}`, method: "POST" }, 405],
    ] as const)
      expect((await ask(url, asked)).status, why).toBe(status);

    expect(await knock(url, `/rpc${search}`, { origin })).toBe("open");
    expect(await knock(url, "/rpc", { origin, headers: { cookie } })).toBe("open");
    for (const [why, path, options, answer] of [
      ["no token", "/rpc", { origin }, "401"],
      ["a wrong token", `/rpc?token=${token.slice(1)}`, { origin }, "401"],
      ["no origin", `/rpc${search}`, {}, "403"],
      ["a stranger's page with the cookie", "/rpc", { origin: "http://evil.example", headers: { cookie } }, "403"],
      ["another port's page with the cookie", "/rpc", { origin: "http://127.0.0.1:1", headers: { cookie } }, "403"],
      ["a file's page", `/rpc${search}`, { origin: "null" }, "403"],
      ["a rebound name", `/rpc${search}`, { origin, headers: { host: `evil.example:${port}` } }, "421"],
      ["another path", `/other${search}`, { origin }, "404"],
    ] as const)
      expect(await knock(url, path, options), why).toBe(answer);

    // Only this machine: no other address of it listens.
    const { networkInterfaces } = await import("node:os");
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((at) => at?.family === "IPv4" && !at.internal);
    if (outside !== undefined) await expect(fetch(`http://${outside.address}:${port}/${search}`)).rejects.toThrow();

    // A message larger than the contract needs ends the line, not the service.
    const flood = new WebSocket(`ws://${host}/rpc${search}`, { origin });
    await new Promise((resolve) => flood.once("open", resolve));
    const closed = new Promise<number>((resolve) => flood.once("close", resolve));
    flood.send(Buffer.alloc(5 * 1024 * 1024));
    expect(await closed).toBe(1009);
    using line = await openLine(url);
    for (const garbage of ["", "{", "[]", '{"i":1}', "\u0000"]) {
      const socket = new WebSocket(`ws://${host}/rpc${search}`, { origin });
      await new Promise((resolve) => socket.once("open", resolve));
      const ending = new Promise<number>((resolve) => socket.once("close", resolve));
      socket.send(garbage);
      expect(await ending, garbage).toBe(1007);
    }
    await expect(line.client.runs.get({ run: "../../etc" })).rejects.toMatchObject({ data: { code: "bad-input" } });
    await expect(line.client.data.rows({ id: "../workspace.jsonl" })).rejects.toMatchObject({
      data: { code: "bad-input" },
    });
    expect((await line.client.runs.list()).length).toBe(0);
  });

  it("says plainly that the page is not built, and serves the contract nevertheless", async () => {
    const folder = await temporaryFolder();
    await using workbench = await openWorkbench({ workspace: folder });
    await using server = await startWebServer({ workbench, port: 0, page: null });
    const answer = await ask(server.url, { path: new URL(server.url).search.replace("?", "/?") });
    expect([answer.status, answer.body]).toEqual([503, expect.stringContaining("not built")]);
    using line = await openLine(server.url);
    expect((await line.client.about()).workspace).toBe(folder);
    await expect(startWebServer({ workbench, port: server.port, page: null })).rejects.toMatchObject({
      code: "bad-setting",
    });
  });

  it("goes on working while no window is open, sends a second start to the first, and ends in order", async () => {
    const folder = await temporaryFolder();
    const material = await writeMaterial(folder);
    const workspace = join(folder, "workspace");
    const first = await startServe(workspace);
    expect(first.out().trim().split("\n")).toHaveLength(1);
    let job = "";
    {
      using line = await openLine(first.url);
      ({ job } = await line.client.society.start({ config: smallSociety(material, { rounds: 4 }) }));
    }
    const second = await startServe(workspace);
    expect(second.url).toBe(first.url);
    expect(await second.ended).toBe(0);
    expect((await stat(join(workspace, "serve.json"))).mode & 0o777).toBe(0o600);
    expect((await watchToEnd(first.url, job)).snapshot).toMatchObject({
      state: "finished",
      society: { interactions: 24 },
    });
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    expect((await readdir(workspace)).filter((name) => name === "lock" || name === "serve.json")).toEqual([]);
  }, 120_000);

  it("killed by force, leaves no process behind, and the next start has every finished interaction", async () => {
    const folder = await temporaryFolder();
    const material = await writeMaterial(folder);
    const workspace = join(folder, "workspace");
    const serving = await startServe(workspace);
    using line = await openLine(serving.url);
    const { job } = await line.client.society.start({ config: smallSociety(material, { rounds: 40 }) });
    await watchUntil(line.client, job, ({ society }) => (society?.interactions ?? 0) >= 2);
    const children = await descendants(serving.child.pid ?? 0);
    expect(children.length).toBeGreaterThan(0);
    serving.child.kill("SIGKILL");
    const deadline = performance.now() + 5000;
    const left = async () => (await Promise.all(children.map(isAlive))).filter(Boolean).length;
    while ((await left()) > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await left()).toBe(0);

    const next = await startServe(workspace);
    using again = await openLine(next.url);
    const [run] = await again.client.runs.list();
    expect(run).toMatchObject({ run: job, state: "stopped", actions: ["resume"] });
    const journal = await readFile(join(workspace, "runs", job, "interactions.jsonl"), "utf8");
    const whole = journal.split("\n").filter((text) => text.endsWith("}")).length;
    expect((await watchUntil(again.client, job, () => true)).society?.interactions).toBe(whole);
    expect(whole).toBeGreaterThanOrEqual(2);
    next.child.kill("SIGTERM");
    await next.ended;
  }, 120_000);
});
