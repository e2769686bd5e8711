import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { now } from '../message.js';
import type { Dialect, Visit } from './dialects.js';
import { Listener } from './listener.js';

export interface AudienceOptions {
  readonly dialect: Dialect;
  /** Of the servers; the clients are shared out among them in turn. */
  readonly ports: readonly number[];
  readonly count: number;
  readonly channels: number;
  /** One for each client, where they have sessions. */
  readonly secrets?: readonly string[];
  readonly keepEnd?: boolean;
  /** Counts in {@link Audience.told} who is told of a hole. */
  readonly watchGaps?: boolean;
}

/** So many connections are opened at a time. */
const OPENING_AT_ONCE = 50;
const RING = 1 << 16;

/** All who listen: which messages each of them got, and which all of them have. */
export class Audience {
  /** All below it have reached everybody. */
  completed = 0;
  bytes = 0;
  deliveries = 0;
  doubled = 0;
  missing = 0;
  latency: RecordableHistogram = createHistogram();
  /** Called after something was read. */
  onProgress: () => void = () => {};
  onEnd: (index: number) => void = () => {};
  readonly listeners: Listener[] = [];
  /** By client: the next number of each channel. */
  private readonly next: Float64Array[] = [];
  /** By client: how many messages it has got. */
  readonly received: number[];
  /** Clients that were told of a hole. */
  readonly told = new Set<number>();
  private readonly counts = new Uint32Array(RING);

  constructor(readonly options: AudienceOptions) {
    this.received = Array.from({ length: options.count }, () => 0);
    for (let i = 0; i < options.count; i += 1)
      this.next.push(Float64Array.from({ length: options.channels }, (_, channel) => channel));
  }

  async open(): Promise<void> {
    const { count } = this.options;
    for (let i = 0; i < count; i += OPENING_AT_ONCE) {
      const some = Array.from({ length: Math.min(OPENING_AT_ONCE, count - i) }, (_, k) =>
        this.connect(i + k),
      );
      await Promise.all(some);
    }
  }

  /** Connects one client; again where it was connected before, with its cursor. */
  async connect(index: number, cursor?: string): Promise<Listener> {
    const { dialect, ports, channels, secrets, keepEnd, watchGaps } = this.options;
    const visit: Visit = {
      channels,
      ...(secrets && { secret: secrets[index]! }),
      ...(cursor !== undefined && { cursor }),
    };
    const listener = new Listener({
      dialect,
      port: ports[index % ports.length]!,
      visit,
      keepEnd: keepEnd ?? false,
      onMessage: (seq, at) => this.receive(index, seq, at),
      onRead: (bytes) => {
        this.bytes += bytes;
        this.onProgress();
      },
      onEnd: () => this.onEnd(index),
      ...(watchGaps && { onGap: () => void this.told.add(index) }),
    });
    this.listeners[index] = listener;
    return listener.open();
  }

  /** How many messages a client has got, of all channels. */
  progressOf(index: number): number {
    const { channels } = this.options;
    return this.next[index]!.reduce((sum, next, channel) => sum + (next - channel) / channels, 0);
  }

  /** Has all of them come back at once, each with its cursor; resolves when they have got so many messages. */
  async comeBack(count: number): Promise<void> {
    const cursors = this.listeners.map(({ cursor }) => cursor);
    await Promise.all(cursors.map((cursor, index) => this.connect(index, cursor)));
    while (this.least() < count) await setImmediate();
  }

  /** The first so many stop reading. */
  stall(count: number): void {
    for (const { socket } of this.listeners.slice(0, count)) socket.pause();
    this.onEnd = () => {};
  }

  /** Those that stopped come back, each with what it had read last; resolves when each has got so many messages, or is told otherwise. */
  async recover(stalled: number, count: number, timeoutMs: number): Promise<number> {
    const gone = this.listeners.slice(0, stalled);
    for (const listener of gone) listener.close();
    await Promise.all(gone.map(({ cursor }, index) => this.connect(index, cursor)));
    const deadline = performance.now() + timeoutMs;
    const lacking = (): number[] => gone.map((_, index) => count - this.received[index]!);
    while (lacking().some((lack) => lack > 0) && performance.now() < deadline) await setTimeout(20);
    return lacking().reduce((sum, lack) => sum + lack, 0) / stalled;
  }

  private least(): number {
    return Math.min(...this.next.map((_, index) => this.progressOf(index)));
  }

  close(): void {
    for (const listener of this.listeners) listener.close();
  }

  private receive(index: number, seq: number, at: number): void {
    const { channels, count } = this.options;
    const next = this.next[index]!;
    const channel = seq % channels;
    const expected = next[channel]!;
    if (seq < expected) {
      this.doubled += 1;
      return;
    }
    this.missing += (seq - expected) / channels;
    next[channel] = seq + channels;
    this.received[index]! += 1;
    this.deliveries += 1;
    this.latency.record(Math.max(1, now() - at));
    const slot = seq % RING;
    this.counts[slot]! += 1;
    while (this.counts[this.completed % RING] === count) {
      this.counts[this.completed % RING] = 0;
      this.completed += 1;
    }
  }
}
