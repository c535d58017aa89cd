/** Starts main under the stand-in, in a process of its own, and reaches its pages through Chromium's debugging port. */
import { fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { chromiumOptions } from "../chromium.ts";
import { electronAddress } from "./addresses.ts";
import { optionsVariable } from "./chromiumOptions.ts";
import { type Desktop, eventually, type LaunchOptions } from "./desktop.ts";

interface Answer {
  readonly evaluate: number;
  readonly value?: unknown;
  readonly error?: string;
}

export async function launchStandIn({ entry, userData, args = [], env = {} }: LaunchOptions): Promise<Desktop> {
  const child = fork(new URL("./mainLoader.ts", import.meta.url), [entry, `--user-data-dir=${userData}`, ...args], {
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: [],
    env: { ...process.env, [optionsVariable]: JSON.stringify(chromiumOptions()), ...env },
  });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  let over = false;
  void exited.then(() => {
    over = true;
    for (const call of calls.values()) call.reject(new Error(`Main has ended.\n${errors}`));
  });

  const calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  child.on("message", ({ evaluate, value, error }: Answer) => {
    const call = calls.get(evaluate);
    calls.delete(evaluate);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(error));
  });
  let evaluations = 0;
  const evaluate: Desktop["evaluate"] = (run, argument) =>
    new Promise((resolve, reject) => {
      if (over) return reject(new Error(`Main has ended.\n${errors}`));
      const id = evaluations++;
      calls.set(id, { resolve: resolve as (value: unknown) => void, reject });
      child.send({ evaluate: id, source: String(run), argument }, (error) => error && reject(error));
    });

  let browser: Browser | null = null;
  const connected = async (): Promise<Browser> => {
    if (browser?.isConnected()) return browser;
    const file = join(userData, "chromium", "DevToolsActivePort");
    browser = await eventually(async () => {
      if (over) throw new Error(`Main has ended.\n${errors}`);
      const port = existsSync(file) && /^(\d+)\n/.exec(readFileSync(file, "utf8"))?.[1];
      // The file may still be that of an earlier browser.
      if (!port) return null;
      return chromium.connectOverCDP(`http://127.0.0.1:${port}`).catch(() => null);
    });
    return browser;
  };
  const page = async (): Promise<Page> =>
    eventually(async () => {
      const pages = (await connected()).contexts().flatMap((context) => context.pages());
      return pages.find((candidate) => electronAddress(candidate.url()).startsWith("app://"));
    });

  return {
    page,
    evaluate,
    pid: child.pid ?? 0,
    exited,
    errors: () => errors,
    [Symbol.asyncDispose]: async () => {
      await browser?.close().catch(() => {});
      // In order, so that the browser has left its folder; by force when that takes too long.
      if (!over) child.send({ exit: true }, () => {});
      const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await exited;
      clearTimeout(timer);
    },
  };
}
