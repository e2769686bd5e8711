import { connect, type Socket } from 'node:net';
import { type Dialect, isWebSocket, type Step, stepsOf, type Visit } from './dialects.js';
import { clientFrame, FrameReader } from './frames.js';
import { MessageScanner, type OnMessage } from './scanner.js';

const READY_TIMEOUT_MS = 60_000;
const PONG = clientFrame('3');
/** How the event of a hole begins, over Socket.IO. */
const GAP = '["gap",';
/** All that is read is looked at before the next is: one piece of memory does for all. */
const shared = Buffer.alloc(256 * 1024);
/** End of the stream that is kept, to find the last cursor in it. */
const KEPT_BYTES = 2_048;

export interface ListenerOptions {
  readonly dialect: Dialect;
  readonly port: number;
  readonly visit: Visit;
  readonly onMessage: OnMessage;
  /** Called after each piece that was read. */
  readonly onRead: (bytes: number) => void;
  /** Called when the connection has ended, unless by {@link Listener.close}. */
  onEnd: () => void;
  /** Called when a client of Nestwire over Socket.IO is told of a hole. Default: that is not looked for. */
  readonly onGap?: () => void;
  /** Keeps the end of the stream, for {@link Listener.cursor}. */
  readonly keepEnd?: boolean;
}

/** A client as light as can be: the bytes of one connection, from which the messages are read. */
export class Listener {
  readonly socket: Socket;
  private text = '';
  private readonly steps: Step[];
  private readonly scanner: MessageScanner;
  private readonly frames: FrameReader | undefined;
  private hasHead = false;
  private kept = Buffer.alloc(0);
  private onReady: () => void = () => {};

  constructor(private readonly options: ListenerOptions) {
    this.steps = stepsOf(options.dialect, options.visit);
    this.scanner = new MessageScanner(options.onMessage);
    if (isWebSocket(options.dialect)) this.frames = new FrameReader(() => this.socket.write(PONG));
    this.socket = connect({
      port: options.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: shared, callback: (length) => this.read(shared.subarray(0, length)) },
    });
  }

  /** Resolves when the server has let it in. */
  async open(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(this.refused('no answer')), READY_TIMEOUT_MS);
      this.onReady = () => {
        clearTimeout(timer);
        resolve();
      };
      this.socket.once('error', reject);
      this.socket.once('connect', () => this.socket.write(this.steps[0]!.send));
      this.socket.once('close', () => {
        reject(this.refused('closed'));
        this.options.onEnd();
      });
    });
    return this;
  }

  /** The last cursor that it was sent; over Socket.IO, the last position of its channel. */
  get cursor(): string {
    const pattern = this.frames === undefined ? /.*\nid: ([^\n]*)\n/s : /.*"bench:0":"([^"]*)"/s;
    return pattern.exec(this.kept.toString('latin1'))?.[1] ?? '';
  }

  close(): void {
    this.options.onEnd = () => {};
    this.socket.destroy();
  }

  private read(chunk: Buffer): boolean {
    if (this.options.keepEnd) this.kept = Buffer.concat([this.kept, chunk]).subarray(-KEPT_BYTES);
    const payload = this.hasHead ? chunk : this.readHead(chunk);
    if (payload === undefined) return true;
    this.frames?.read(payload);
    if (this.options.onGap && payload.includes(GAP)) this.options.onGap();
    if (this.steps.length > 0) this.advance(payload);
    this.scanner.scan(payload);
    this.options.onRead(chunk.length);
    return true;
  }

  /** What comes after the head of the HTTP response. */
  private readHead(chunk: Buffer): Buffer | undefined {
    this.text += chunk.toString('latin1');
    const end = this.text.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    if (!/^HTTP\/1.1 (101|200) /.test(this.text)) throw this.refused('refused');
    this.hasHead = true;
    const rest = Buffer.from(this.text.slice(end + 4), 'latin1');
    this.text = this.text.slice(0, end + 4);
    return rest;
  }

  private advance(payload: Buffer): void {
    this.text += payload.toString('latin1');
    while (this.steps.length > 0 && this.text.includes(this.steps[0]!.until)) {
      this.text = '';
      this.steps.shift();
      if (this.steps.length > 0) this.socket.write(this.steps[0]!.send);
      else this.onReady();
    }
  }

  private refused(what: string): Error {
    return new Error(`${this.options.dialect}: ${what} after ${JSON.stringify(this.text.slice(0, 500))}`);
  }
}
