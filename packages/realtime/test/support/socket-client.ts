import { randomUUID } from 'node:crypto';
import { decode } from '@msgpack/msgpack';
import { waitFor, type WaitOptions } from '@nestwire/harness';
import type { CloseNotice, Envelope, ErrorBody, Positions, Ready, Reply } from '@nestwire/protocol';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';

export type Answer<T = SubscribeAnswer> = { ok: true; data: T } | { ok: false; error: ErrorBody };

export interface SubscribeAnswer {
  position: string;
  recovered?: boolean;
  replay: number;
}

/** Whatever the server has said, in the order in which it came. */
export type Heard =
  | { kind: 'events'; envelopes: Envelope[]; positions: Positions }
  | { kind: 'answer'; to: string; answer: Answer<unknown> | Reply }
  | { kind: 'control'; name: string; data: unknown };

export interface ClientOptions extends Partial<ManagerOptions & SocketOptions> {
  /** The namespace. Default `/realtime`. */
  namespace?: string;
}

const CONTROL = ['ready', 'gap', 'close', 'drain', 'degraded', 'healed', 'expiring', 'presence'];
const ANSWER_TIMEOUT_MS = 5_000;

/** A `socket.io-client` as applications use it, which writes down what it hears. */
export class SocketClient implements Disposable {
  readonly heard: Heard[] = [];
  readonly io: Socket;
  /** Arguments of each `events`, as they came. */
  readonly raw: unknown[][] = [];
  readonly disconnects: string[] = [];

  constructor(url: string, { namespace = '/realtime', ...options }: ClientOptions = {}) {
    this.io = io(url + namespace, {
      forceNew: true,
      transports: ['websocket'],
      reconnectionDelay: 10,
      reconnectionDelayMax: 50,
      ...options,
    });
    this.io.on('events', (...args: unknown[]) => this.hearEvents(args));
    for (const name of CONTROL)
      this.io.on(name, (data: unknown) => this.heard.push({ kind: 'control', name, data }));
    this.io.on('disconnect', (reason) => this.disconnects.push(reason));
  }

  /** Resolves when the server has said `ready`. */
  static async connect(url: string, options?: ClientOptions): Promise<SocketClient> {
    const client = new SocketClient(url, options);
    try {
      await waitFor(() => client.ready, { what: 'ready' });
      return client;
    } catch (error) {
      client.io.disconnect();
      throw error;
    }
  }

  /** Resolves with the body of the refusal, where the server does not let it in. */
  static async refused(url: string, options?: ClientOptions): Promise<ErrorBody> {
    using client = new SocketClient(url, options);
    return await new Promise((resolve, reject) => {
      client.io.once('connect_error', (error) => resolve((error as Error & { data: ErrorBody }).data));
      client.io.once('connect', () => reject(new Error('was let in')));
    });
  }

  /** The latest `ready`. */
  get ready(): Ready {
    return this.control<Ready>('ready').at(-1)!;
  }

  /** The data of every control event of this name. */
  control<T = unknown>(name: string): T[] {
    return this.heard.flatMap((item) =>
      item.kind === 'control' && item.name === name ? [item.data as T] : [],
    );
  }

  get close(): CloseNotice | undefined {
    return this.control<CloseNotice>('close').at(-1);
  }

  get batches(): Extract<Heard, { kind: 'events' }>[] {
    return this.heard.filter((item) => item.kind === 'events');
  }

  /** Those of one channel; or of all but the session's own document, which every connection of a session follows. */
  envelopes(channel?: string): Envelope[] {
    const all = this.batches.flatMap(({ envelopes }) => envelopes);
    return all.filter(({ c }) => (channel === undefined ? !c.startsWith('$state:session:') : c === channel));
  }

  offsets(channel: string): number[] {
    return this.envelopes(channel).map(({ o }) => o);
  }

  /** How far the server says that this client has been brought. */
  position(channel: string): string | undefined {
    return this.batches.findLast(({ positions }) => channel in positions)?.positions[channel];
  }

  /** Positions of all channels, as a client that wants to come back keeps them. */
  get positions(): Positions {
    const starts = Object.entries(this.ready.channels).flatMap(([channel, outcome]) =>
      'position' in outcome && outcome.position !== undefined ? [[channel, outcome.position]] : [],
    );
    return Object.assign(
      Object.fromEntries(starts) as Positions,
      ...this.batches.map(({ positions }) => positions),
    );
  }

  /** Sends a message of ours; its answer is written down when it comes. */
  ask<T>(message: string, payload: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      this.io.timeout(ANSWER_TIMEOUT_MS).emit(message, payload, (error: Error | null, answer: T) => {
        if (error !== null) return reject(error);
        this.heard.push({ kind: 'answer', to: message, answer: answer as Answer<unknown> });
        resolve(answer);
      });
    });
  }

  subscribe(channel: unknown, position?: unknown): Promise<Answer> {
    return this.ask('subscribe', position === undefined ? { channel } : { channel, position });
  }

  /** Subscribes, and fails the test where that is refused. */
  async follow(channel: string, position?: unknown): Promise<SubscribeAnswer> {
    const answer = await this.subscribe(channel, position);
    if (!answer.ok) throw new Error(`${channel}: ${answer.error.code}: ${answer.error.message}`);
    return answer.data;
  }

  unsubscribe(channel: string): Promise<Answer<object>> {
    return this.ask('unsubscribe', { channel });
  }

  command<T = unknown>(command: string, data?: unknown, id: string = randomUUID()): Promise<Reply<T>> {
    return this.ask('command', { id, command, data });
  }

  /** Waits until something holds of what was heard. */
  until(condition: () => unknown, options: WaitOptions | string = {}): Promise<unknown> {
    return waitFor(condition, typeof options === 'string' ? { what: options } : options);
  }

  /** Waits until so many events of the channel have come. */
  async received(channel: string, count: number, options: WaitOptions = {}): Promise<Envelope[]> {
    await waitFor(() => this.envelopes(channel).length >= count, {
      what: `${count} events of ${channel}`,
      ...options,
    });
    return this.envelopes(channel);
  }

  [Symbol.dispose](): void {
    // One that was paused would wait for the other end's last word.
    (this.io.io.engine?.transport as unknown as { ws?: { resume?(): void } } | undefined)?.ws?.resume?.();
    this.io.disconnect();
  }

  private hearEvents(args: unknown[]): void {
    this.raw.push(args);
    const [envelopes, positions] = (args.length === 1 ? decode(args[0] as Buffer) : args) as [
      Envelope[],
      Positions,
    ];
    this.heard.push({ kind: 'events', envelopes, positions });
  }
}
