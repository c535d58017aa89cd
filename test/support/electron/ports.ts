/** `MessageChannelMain`: ports of main, either end of which may move into a page. */
import { EventEmitter } from "node:events";

/** Where the far end of a port lives. */
export interface PortPeer {
  post(data: unknown): void;
  close(): void;
}

export class MessagePortMain extends EventEmitter {
  private peer: PortPeer | null = null;
  private waiting: unknown[] = [];
  private started = false;
  private closed = false;
  /** Where this end went; null while it is here. */
  private place: PortPeer | null = null;

  postMessage(data: unknown): void {
    if (this.place !== null) throw new Error("Port is already neutered");
    this.peer?.post(structuredClone(data));
  }

  start(): void {
    this.started = true;
    for (const data of this.waiting.splice(0)) this.deliver(data);
  }

  close(): void {
    if (this.closed) return;
    this.peer?.close();
    this.end();
  }

  /** Of the stand-in: connects this end. */
  connect(peer: PortPeer): void {
    this.peer = peer;
  }

  /** Of the stand-in: a message arrived from the far end. */
  receive(data: unknown): void {
    if (this.place !== null) this.place.post(data);
    else if (this.started) setImmediate(() => this.deliver(data));
    else this.waiting.push(data);
  }

  /** Of the stand-in: the far end is gone. */
  end(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.place !== null) this.place.close();
    else setImmediate(() => this.emit("close"));
  }

  /**
   * Of the stand-in: this end goes to another process. What was said to it before follows with `sendOn`.
   * @returns its partner, which hears what is said there
   */
  moveTo(place: PortPeer): MessagePortMain {
    const near = partners.get(this);
    if (near === undefined || this.place !== null) throw new Error("Port is already neutered");
    this.place = place;
    return near;
  }

  /** Of the stand-in: the other process has been told of this end; before that it would know no port to give it to. */
  sendOn(): void {
    for (const data of this.waiting.splice(0)) this.place?.post(data);
  }

  private deliver(data: unknown): void {
    if (!this.closed) this.emit("message", { data, ports: [] });
  }
}

const partners = new WeakMap<MessagePortMain, MessagePortMain>();

export class MessageChannelMain {
  readonly port1 = new MessagePortMain();
  readonly port2 = new MessagePortMain();

  constructor() {
    for (const [one, other] of [
      [this.port1, this.port2],
      [this.port2, this.port1],
    ] as const) {
      partners.set(one, other);
      one.connect({ post: (data) => other.receive(data), close: () => other.end() });
    }
  }
}
