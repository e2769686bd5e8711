import {
  type CloseNotice,
  type Command,
  COMMANDS,
  CONTROL_EVENTS,
  type Envelope,
  type ErrorBody,
  EVENTS,
  type Gap,
  type Positions,
  type Ready,
  RealtimeError,
  type Reply,
  type SubscriptionStart,
} from '@nestwire/protocol';
import { io, type Socket } from 'socket.io-client';
import { BY_ITSELF } from '../channels/by-itself.js';
import { newId } from '../command-id.js';
import type { ResolvedOptions } from '../options.js';
import {
  type Link,
  type LinkEnd,
  type LinkListener,
  type LinkRequest,
  noticeEnd,
  refusalEnd,
  TRANSPORT_LOST,
} from './link.js';

/** How long the server may take to answer a goodbye, in milliseconds. */
const GOODBYE_MS = 500;

/** Of a command's frame beside the command and the namespace: the kind of packet, the number of its answer, the event's name; in bytes. */
const BESIDE_COMMAND = 40;

type Answer = { ok: true; data: SubscriptionStart } | { ok: false; error: ErrorBody };

/** A link over WebSocket, by Socket.IO's own client. */
export class SocketIoLink implements Link {
  readonly transport = 'websocket';
  private socket: Socket | undefined;
  private ready: Ready | undefined;
  private isOver = false;
  /** What was subscribed to, each with a mark of its own: an answer to an earlier subscription is none. */
  private readonly subscriptions = new Map<string, object>();
  private readonly waiting = new Set<(error: Error) => void>();
  private notice: CloseNotice | undefined;
  /** The longest frame that the server takes, in bytes: it cuts whoever sends a longer one, and would again. */
  private maxPayload = Infinity;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly request: LinkRequest,
    private readonly listener: LinkListener,
  ) {
    this.listen(this.connect());
  }

  /** Over a socket the connection keeps its session whatever its token; who has none is known by the connection. */
  get scope(): string | undefined {
    return this.ready && (this.ready.sid ?? `connection:${this.ready.connection}`);
  }

  get followed(): readonly string[] {
    return Object.keys(this.ready?.channels ?? {});
  }

  follow(): void {
    const channels = this.request.channels();
    if (this.ready === undefined || this.isOver) return;
    for (const channel of this.subscriptions.keys()) if (!channels.has(channel)) this.unsubscribe(channel);
    for (const channel of channels) if (!this.subscriptions.has(channel)) this.subscribe(channel);
  }

  startAnew(channel: string): void {
    if (this.subscriptions.has(channel)) this.subscribe(channel);
  }

  send(command: Command): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.isOver || this.socket === undefined) return reject(new Error('the connection has ended'));
      if (this.isTooLong(command)) return resolve(tooLong(command, this.maxPayload));
      this.waiting.add(reject);
      this.socket.emit('command', command, (reply: Reply) => {
        this.waiting.delete(reject);
        resolve(reply);
      });
    });
  }

  async renew(token: string): Promise<Reply> {
    const reply = await this.send({ id: newId(), command: COMMANDS.auth, data: { token } });
    if (reply.ok) this.keepResumption(reply.data ?? {}, token);
    return reply;
  }

  retire(): void {
    this.close();
  }

  close(): void {
    this.isOver = true;
    if (this.socket !== undefined) hangUp(this.socket);
    this.abandon();
  }

  private keepResumption({ resumeToken }: Pick<Ready, 'resumeToken'>, bearer = this.request.token): void {
    if (this.isOver) return;
    const { resume } = this.request;
    resume.token = resumeToken;
    resume.bearer = bearer ?? resume.bearer;
  }

  private connect(): Socket {
    const { url, basePath, socketIoPath, connectTimeoutMs, headers, credentials } = this.options;
    const { token, positions, resume } = this.request;
    return io(url + basePath, {
      path: socketIoPath,
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: connectTimeoutMs,
      withCredentials: credentials === 'include',
      extraHeaders: headers,
      // What is undefined is left out on the wire.
      auth: { token, resumeToken: resume.token, positions: followedOnly(positions) },
    });
  }

  private listen(socket: Socket): void {
    this.socket = socket;
    socket.io.engine.once('handshake', ({ maxPayload }) => (this.maxPayload = maxPayload));
    const on = (name: string, handle: (...args: never[]) => void): void => {
      socket.on(name, (...args: unknown[]) => {
        if (!this.isOver) handle(...(args as never[]));
      });
    };
    on(CONTROL_EVENTS.ready, (ready: Ready) => this.begin(ready));
    on(EVENTS, (envelopes: Envelope[], positions: Positions) => this.listener.onEvents(envelopes, positions));
    on(CONTROL_EVENTS.gap, (gap: Gap) => this.listener.onGap(gap));
    for (const name of ['drain', 'degraded', 'healed'] as const)
      on(name, () => this.listener.onControl(name));
    on(CONTROL_EVENTS.expiring, () => this.listener.onExpiring());
    on(CONTROL_EVENTS.close, (notice: CloseNotice) => (this.notice = notice));
    on('disconnect', () => this.end(noticeEnd(this.notice)));
    on('connect_error', (error: Error & { data?: ErrorBody }) =>
      this.end(error.data?.code === undefined ? TRANSPORT_LOST : refusalEnd(error.data)),
    );
  }

  private begin(ready: Ready): void {
    this.ready = ready;
    this.keepResumption(ready);
    this.listener.onReady(ready);
    for (const [channel, outcome] of Object.entries(ready.channels)) this.listener.onStart(channel, outcome);
    this.follow();
  }

  private subscribe(channel: string): void {
    const mark = {};
    this.subscriptions.set(channel, mark);
    const position = this.request.positions[channel];
    this.socket!.emit(
      'subscribe',
      position === undefined ? { channel } : { channel, position },
      (answer: Answer) => {
        if (this.isOver || this.subscriptions.get(channel) !== mark) return;
        if (!answer.ok) this.subscriptions.delete(channel);
        this.listener.onStart(channel, answer.ok ? answer.data : { error: answer.error });
      },
    );
  }

  private unsubscribe(channel: string): void {
    this.subscriptions.delete(channel);
    this.socket!.emit('unsubscribe', { channel });
  }

  private end(end: LinkEnd): void {
    if (this.isOver) return;
    this.close();
    this.listener.onEnd(end);
  }

  private isTooLong(command: Command): boolean {
    const text = JSON.stringify(command);
    const left = this.maxPayload - this.options.basePath.length - BESIDE_COMMAND;
    // A character is at most three bytes.
    return text.length * 3 > left && new TextEncoder().encode(text).length > left;
  }

  private abandon(): void {
    for (const reject of this.waiting) reject(new Error('the connection has ended'));
    this.waiting.clear();
  }
}

function tooLong({ id }: Command, maxPayload: number): Reply {
  const error = new RealtimeError('too_large', `the server takes ${maxPayload} bytes at once`);
  return { id, ok: false, error: error.toBody() };
}

/** In Node.js a peer that does not answer the goodbye would keep the socket, and the process, for another 30 s. */
function hangUp(socket: Socket): void {
  const { ws } = (socket.io.engine?.transport ?? {}) as { ws?: { terminate?(): void } };
  socket.disconnect();
  if (ws?.terminate === undefined) return;
  // The socket keeps the process for as long as it is open; the timer must not.
  const timer: unknown = setTimeout(() => ws.terminate?.(), GOODBYE_MS);
  (timer as { unref(): void }).unref();
}

/** The server follows these before it could be asked to. */
function followedOnly(positions: Readonly<Positions>): Positions {
  return Object.fromEntries(Object.entries(positions).filter(([channel]) => BY_ITSELF.test(channel)));
}
