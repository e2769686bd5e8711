import {
  decodeCursor,
  type Envelope,
  channelHash,
  joinPositions,
  type SubscriptionStart,
} from '@nestwire/protocol';
import type { SequenceChecker } from '@nestwire/testing';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { io, type Socket } from 'socket.io-client';

type Transport = 'sse' | 'socket.io';

/**
 * A client that knows no more than the wire: it keeps what it is told to keep, hands it back on whatever transport and node
 * it comes back on, and tells the checker all that it receives.
 */
export class WireClient {
  /** What it hands back: a cursor; undefined before its first visit. */
  private cursor: string | undefined;
  private readonly positions = new Map<string, string>();
  private hangUp: (() => void) | undefined;

  constructor(
    readonly name: string,
    private readonly role: string,
    private readonly channels: readonly string[],
    private readonly checker: SequenceChecker,
  ) {}

  get isAway(): boolean {
    return this.hangUp === undefined;
  }

  /** The offset that its cursor says for a channel. */
  offsetOf(channel: string): number | undefined {
    return decodeCursor(this.cursor ?? '')?.get(channelHash(channel))?.offset;
  }

  async come(url: string, transport: Transport): Promise<void> {
    if (transport === 'sse') await this.comeOverSse(url);
    else await this.comeOverSocketIo(url);
  }

  /** Gone at once, whatever was under way. */
  cut(): void {
    this.hangUp?.();
    this.hangUp = undefined;
    for (const channel of this.channels) this.checker.left(this.name, channel);
  }

  private async comeOverSse(url: string): Promise<void> {
    this.positions.clear();
    const abort = new AbortController();
    let isHere = true;
    this.hangUp = () => {
      isHere = false;
      abort.abort();
    };
    const headers: Record<string, string> = { authorization: `Bearer ${this.role}` };
    if (this.cursor !== undefined) headers['last-event-id'] = this.cursor;
    const path = `${url}/realtime/sse?channels=${this.channels.join(',')}`;
    const response = await fetch(path, { headers, signal: abort.signal });
    let opened: ReadonlyMap<string, SubscriptionStart> | undefined;
    await new Promise<void>((resolve, reject) => {
      const parser = createParser({
        onEvent: (message) => {
          if (!isHere) return;
          opened = this.takeSse(message, opened);
          if (opened !== undefined && message.id !== undefined) resolve();
        },
      });
      this.pump(response, (text) => parser.feed(text)).catch((error: unknown) =>
        isHere ? reject(error) : resolve(),
      );
    });
  }

  private async pump(response: Response, feed: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of response.body!) feed(decoder.decode(bytes as Uint8Array, { stream: true }));
  }

  /** The first cursor says where each stream starts, so the checker is told when it comes. */
  private takeSse(
    { event = '', data, id }: EventSourceMessage,
    opened: ReadonlyMap<string, SubscriptionStart> | undefined,
  ): ReadonlyMap<string, SubscriptionStart> | undefined {
    if (id !== undefined) this.cursor = id;
    if (event === 'realtime.ready') {
      const { channels } = JSON.parse(data) as { channels: Record<string, SubscriptionStart> };
      return new Map(Object.entries(channels));
    }
    if (id !== undefined && opened !== undefined && opened.size > 0) {
      for (const channel of this.channels) this.start(channel, opened.get(channel)!);
      return new Map();
    }
    if (event === 'realtime.gap') this.gap((JSON.parse(data) as { channel: string }).channel);
    else if (!event.startsWith('realtime.')) this.receive(JSON.parse(data) as Envelope);
    return opened;
  }

  private async comeOverSocketIo(url: string): Promise<void> {
    const socket = io(`${url}/realtime`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      auth: { token: this.role },
    });
    let isHere = true;
    this.hangUp = () => {
      isHere = false;
      socket.io.engine.close();
    };
    socket.on('events', (envelopes: Envelope[], positions: Record<string, string>) => {
      if (!isHere) return;
      for (const envelope of envelopes) this.receive(envelope);
      this.keep(positions);
    });
    socket.on('gap', ({ channel, position }: { channel: string; position: string }) => {
      this.keep({ [channel]: position });
      this.gap(channel);
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('ready', () => resolve());
      socket.once('connect_error', reject);
    });
    this.positions.clear();
    const before = this.cursor;
    for (const channel of this.channels) await this.subscribe(socket, channel, before);
  }

  private async subscribe(socket: Socket, channel: string, position: string | undefined): Promise<void> {
    const request = position === undefined ? { channel } : { channel, position };
    await new Promise<void>((resolve) => {
      socket.emit('subscribe', request, ({ data }: { data: Required<SubscriptionStart> }) => {
        this.keep({ [channel]: data.position });
        this.start(channel, data);
        resolve();
      });
    });
  }

  private keep(positions: Record<string, string>): void {
    for (const [channel, position] of Object.entries(positions)) this.positions.set(channel, position);
    // Until it has subscribed to all of them again, the others' places are those of before.
    if (this.positions.size >= this.channels.length) this.cursor = joinPositions(this.positions.values());
  }

  private start(channel: string, { recovered }: SubscriptionStart): void {
    const offset = decodeCursor(this.positions.get(channel) ?? this.cursor ?? '')?.get(
      channelHash(channel),
    )?.offset;
    if (recovered === undefined) this.checker.subscribedLive(this.name, channel, offset);
    else this.checker.recovered(this.name, channel, recovered, offset);
  }

  private gap(channel: string): void {
    this.checker.gap(this.name, channel);
  }

  private receive(envelope: Envelope): void {
    if (this.channels.includes(envelope.c)) this.checker.received(this.name, envelope.c, envelope);
  }
}
