/** The one open chat. Its model is loaded while nobody trains; training unloads it. */
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { FolkmootError } from "../contract/errors.ts";
import type { TalkEvent } from "../contract/jobs.ts";
import type { Sampling } from "../contract/society.ts";
import type { chatSession } from "../contract/workbench/chat.ts";
import type { Device } from "./device.ts";

type Session = z.infer<typeof chatSession>;

export interface ChatInput {
  readonly model: string;
  readonly adapter: string | null;
  readonly promptFormat: "template" | "chat";
  readonly contextSize: number | null;
}

export class Chat {
  private readonly device: Device;
  private open: { session: Session; talk: string } | null = null;

  constructor(device: Device) {
    this.device = device;
    device.onUnload((side) => {
      if (side === "inference") this.open = null;
    });
  }

  get current(): Session | null {
    return this.open?.session ?? null;
  }

  /** @throws FolkmootError `device-busy` while training runs; the model's errors. */
  async start(input: ChatInput, threads: number, signal?: AbortSignal): Promise<Session> {
    const { lease } = this.device;
    if (lease.holder === "training")
      throw new FolkmootError("device-busy", {
        message: "Training has the device now.",
        reason: "Models and training do not fit beside each other.",
        action: "Wait for the training to end, or stop it; it can be resumed.",
        details: { job: lease.job },
      });
    if (this.open !== null) await this.close(this.open.session.session);
    // An idle trainer gives its memory back before a model is loaded.
    if (lease.holder === "free") await this.device.take("inference", null);
    try {
      const options = signal === undefined ? {} : { signal };
      const { talk, ...opened } = await this.device.engineClient().talk.open({ ...input, threads }, options);
      const session = { session: randomUUID(), model: input.model, adapter: input.adapter, ...opened };
      this.open = { session, talk };
      return session;
    } finally {
      if (this.device.lease.job === null) this.device.free();
    }
  }

  /** @throws FolkmootError `run-not-found` when the session is not the open one. */
  async say(
    session: string,
    utterance: { text: string; sampling: Sampling; seed: number },
    signal?: AbortSignal,
  ): Promise<AsyncIterable<TalkEvent>> {
    const talk = this.find(session);
    try {
      return await this.device.engineClient().talk.say({ talk, ...utterance }, signal === undefined ? {} : { signal });
    } catch (error) {
      // The process that had the model died in the meantime; the new one knows nothing of it.
      if (error instanceof FolkmootError && error.code === "run-not-found") this.open = null;
      throw error;
    }
  }

  async stop(session: string): Promise<void> {
    await this.device.engineClient().talk.stop({ talk: this.find(session) });
  }

  async close(session: string): Promise<void> {
    if (this.open?.session.session !== session) return;
    const { talk } = this.open;
    this.open = null;
    await this.device.engineClient().talk.close({ talk });
  }

  private find(session: string): string {
    if (this.open?.session.session === session) return this.open.talk;
    throw new FolkmootError("run-not-found", {
      message: "This chat is not open any more.",
      reason: "Another one was opened, or training took the device and its model was unloaded.",
      action: "Load the model again.",
    });
  }
}
