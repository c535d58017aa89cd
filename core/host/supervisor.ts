/**
 * Starts a host, starts it again after a crash, and turns its death into an error that says what to do.
 *
 * A supervisor is an oRPC link: a client made over it survives restarts of the process behind it. Calls in flight when
 * the process dies reject with `native-crash`; the next call starts a new process.
 */
import { type ClientLink, type ClientOptions, createORPCClient, mapEventIterator } from "@orpc/client";
import { RPCLink } from "@orpc/client/message-port";
import type { ContractRouterClient } from "@orpc/contract";
import { FolkmootError } from "../contract/errors.ts";
import type { EngineContract, TrainerContract } from "../contract/jobs.ts";
import { describeExit, type HostKind } from "./crash.ts";
import { fromWireError } from "./errors.ts";
import { forkHost, type HostProcess, type SpawnHost } from "./spawnHost.ts";

/** Longest time from fork to `ready`, milliseconds. */
const startMs = 30_000;
/** Longest time from `shutdown` to exit before the process is killed, milliseconds. */
const endMs = 6_000;
/** Bytes of the child's stderr kept for diagnostics. */
const stderrBytes = 8_192;

export interface HostOptions {
  /** Added to the child's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Entry file; default: this build's own, beside this module. */
  readonly entry?: URL;
  /** Everything the child writes to its standard error; default: kept for diagnostics only. */
  readonly onLog?: (text: string) => void;
  /** Makes the process; default: a forked Node. */
  readonly spawn?: SpawnHost;
}

export interface Host<Client> extends AsyncDisposable {
  readonly client: Client;
  /** Process id, null while no process runs. */
  readonly pid: number | null;
  /** Starts the process now instead of at the first call. */
  start(): Promise<void>;
  /** Ends running jobs, then the process; calls in flight reject with `cancelled`. Later calls reject. */
  dispose(): Promise<void>;
}

export type EngineClient = ContractRouterClient<EngineContract>;
export type TrainerClient = ContractRouterClient<TrainerContract>;

/** The process that runs models. One thread in libuv's pool: decoding then stays on one thread (2× with few cores). */
export function engineHost(options: HostOptions = {}): Host<EngineClient> {
  return superviseHost("engine", { ...options, env: { UV_THREADPOOL_SIZE: "1", ...options.env } });
}

/** The process that trains, merges and quantizes. */
export function trainerHost(options: HostOptions = {}): Host<TrainerClient> {
  return superviseHost("trainer", options);
}

interface RunningHost {
  readonly child: HostProcess;
  readonly link: RPCLink<Record<never, never>>;
  /** Resolves with the error that the exit means; never rejects. */
  readonly exited: Promise<FolkmootError>;
}

function superviseHost<Client extends EngineClient | TrainerClient>(
  kind: HostKind,
  options: HostOptions,
): Host<Client> {
  let current: Promise<RunningHost> | null = null;
  let pid: number | null = null;
  let disposed = false;

  const running = (): Promise<RunningHost> => {
    if (disposed) return Promise.reject(stopped(kind));
    current ??= startHost(kind, options).then(
      (host) => {
        pid = host.child.pid ?? null;
        void host.exited.then(() => {
          current = null;
          pid = null;
        });
        return host;
      },
      (error: unknown) => {
        current = null;
        throw error;
      },
    );
    return current;
  };

  const link: ClientLink<Record<never, never>> = {
    call: async (path, input, callOptions) => {
      const host = await running();
      return callHost(host, path, input, callOptions, () => (disposed ? stopped(kind) : null));
    },
  };
  const dispose = async () => {
    if (disposed) return;
    disposed = true;
    const host = await current?.catch(() => null);
    if (host != null) await endHost(host);
  };
  return {
    client: createORPCClient(link) as Client,
    get pid() {
      return pid;
    },
    start: async () => void (await running()),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** One call; what goes wrong comes back as a FolkmootError, whether it was thrown, sent or the process died. */
async function callHost(
  host: RunningHost,
  path: readonly string[],
  input: unknown,
  options: ClientOptions<Record<never, never>>,
  whyStopped: () => FolkmootError | null,
): Promise<unknown> {
  // oRPC rejects pending calls when its port closes; the exit, not that rejection, is the cause.
  const translate = async (error: unknown): Promise<FolkmootError> => {
    if (options.signal?.aborted) return fromWireError(abortReason(options.signal));
    const wire = fromWireError(error);
    if (wire.code !== "cancelled" && wire.code !== "internal") return wire;
    const exit = await Promise.race([host.exited, tick(50)]);
    if (exit === undefined) return wire;
    return whyStopped() ?? exit;
  };
  try {
    const output = await host.link.call(path, input, options);
    if (!isAsyncIterator(output)) return output;
    return mapEventIterator(output, { value: async (value) => value, error: translate });
  } catch (error) {
    throw await translate(error);
  }
}

async function startHost(kind: HostKind, options: HostOptions): Promise<RunningHost> {
  let stderr = "";
  const child = (options.spawn ?? forkHost)({
    kind,
    entry: options.entry ?? hostEntry(kind),
    env: { ...process.env, ...options.env },
    onStderr: (text) => {
      stderr = (stderr + text).slice(-stderrBytes);
      options.onLog?.(text);
    },
  });
  const exited = child.ended.then(({ code, signal, failure }) =>
    describeExit(kind, { code, signal, stderr: failure ?? stderr }),
  );
  const link = new RPCLink({ port: child.port.rpc });
  const ready = new Promise<"ready">((resolve) => {
    child.port.onControl((message) => message === "ready" && resolve("ready"));
  });
  const outcome = await Promise.race([ready, exited, tick(startMs)]);
  if (outcome === "ready") return { child, link, exited };
  child.kill();
  throw (
    outcome ??
    new FolkmootError("native-missing", {
      message: `The ${kind} process did not start within ${startMs / 1000} seconds.`,
      reason: "The machine is very busy, or a library that it loads hangs.",
      action: "Try again; copy the diagnostics if it happens twice.",
      details: { stderr },
    })
  );
}

async function endHost({ child, exited }: RunningHost): Promise<void> {
  child.port.control("shutdown");
  if ((await Promise.race([exited, tick(endMs)])) !== undefined) return;
  child.kill();
  await exited;
}

/** The entry beside this module, with this module's own extension: `.ts` from source, `.js` from a build. */
function hostEntry(kind: HostKind): URL {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  return new URL(`./${kind}Host${extension}`, import.meta.url);
}

function stopped(kind: HostKind): FolkmootError {
  return new FolkmootError("cancelled", {
    message: `The ${kind} process was ended.`,
    action: "Start the work again when you like; what was finished is kept.",
  });
}

function abortReason(signal: AbortSignal): unknown {
  return signal.reason instanceof FolkmootError ? signal.reason : new DOMException("Stopped.", "AbortError");
}

function isAsyncIterator(value: unknown): value is AsyncIterator<unknown, unknown, void> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function tick(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds).unref());
}
