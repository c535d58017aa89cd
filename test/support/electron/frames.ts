/** `WebFrameMain`: what main knows of a page's document. */
import type { MessagePortMain } from "./ports.ts";

/** Who brings a message to the page. */
export interface PageSender {
  sendToPage(channel: string, args: unknown[], transfer: readonly MessagePortMain[]): void;
}

/** A frame's document: gone with the next one. */
export class WebFrameMain {
  readonly url: string;
  readonly parent: null = null;
  private readonly owner: PageSender;
  private alive = true;

  constructor(owner: PageSender, url: string) {
    this.owner = owner;
    this.url = url;
  }

  isDestroyed(): boolean {
    return !this.alive;
  }

  postMessage(channel: string, message: unknown, transfer: MessagePortMain[] = []): void {
    if (!this.alive) throw new Error("Render frame was disposed before WebFrameMain could be accessed");
    this.owner.sendToPage(channel, [message], transfer);
  }

  /** Of the stand-in. */
  end(): void {
    this.alive = false;
  }
}
