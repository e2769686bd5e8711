import type { Envelope, Position, SubscriptionStart } from '@nestwire/protocol';
import { KeptCursor, positionIn } from './kept-cursor.js';
import { openSocketIo } from './socket-io-wire.js';
import { openSse } from './sse-wire.js';
import type { OpenWire, Transport, Wire, WireListener } from './wire.js';

/** Hears what a client is told; a `SequenceChecker` is one. */
export interface Witness {
  subscribedLive(client: string, channel: string, start?: Position): void;
  recovered(client: string, channel: string, recovered: boolean, start?: Position): void;
  gap(client: string, channel: string, start?: Position): void;
  received(client: string, channel: string, envelope: Envelope): void;
  left(client: string, channel: string): void;
}

export interface WireClientOptions {
  readonly name: string;
  readonly channels: readonly string[];
  readonly witness: Witness;
  /** Who it says it is. */
  readonly token?: string;
  /** A connection on which nothing at all comes for so long is taken for dead, and left. Default 5,000. */
  readonly silenceMs?: number;
}

const OPEN: Record<Transport, OpenWire> = { sse: openSse, 'socket.io': openSocketIo };

/**
 * A client that knows no more than the wire: it keeps what it is told to keep, hands it back on whatever transport and node
 * it comes back on, and tells its witness all that it receives.
 */
export class WireClient {
  /** What it was told, by name, how often: `recovered`, `unrecovered`, `gap`, `degraded`, `close:draining` … */
  readonly told = new Map<string, number>();
  /** What it was told and must not be: a witness knows nothing of it. */
  readonly complaints: string[] = [];
  received = 0;
  /** True where this connection was told last that the backend is away. */
  isDegraded = false;
  /** Is told when its connection ends and it was not its own doing. */
  onEnd: () => void = () => undefined;
  private readonly cursor: KeptCursor;
  private visit: AbortController | undefined;
  private wire: Wire | undefined;

  constructor(private readonly options: WireClientOptions) {
    this.cursor = new KeptCursor(options.channels);
  }

  get name(): string {
    return this.options.name;
  }

  get isAway(): boolean {
    return this.visit === undefined;
  }

  /** Where it is in a channel, as it would say if it came back. */
  positionIn(channel: string): Position | undefined {
    return positionIn(this.cursor.text, channel);
  }

  /** Resolves when every channel has begun; rejects where it could not be, and it is away again. */
  async come(url: string, transport: Transport): Promise<void> {
    if (!this.isAway) throw new Error(`${this.name} is here already`);
    const { channels, token, silenceMs = 5_000 } = this.options;
    const visit = (this.visit = new AbortController());
    this.isDegraded = false;
    this.cursor.begin();
    const timer = setTimeout(() => visit.abort(), silenceMs);
    try {
      const request = { url, channels, token, cursor: this.cursor.text, signal: visit.signal, silenceMs };
      const wire = await OPEN[transport](request, this.listener(this.cursor.text));
      if (this.visit === visit) this.wire = wire;
    } catch (error) {
      this.leave(visit);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gone at once and without a word, whatever was under way. */
  cut(): void {
    if (this.visit !== undefined) this.leave(this.visit);
  }

  /** Stops reading what comes, and goes on. */
  pause(): void {
    this.wire?.pause();
  }

  resume(): void {
    this.wire?.resume();
  }

  private leave(visit: AbortController): void {
    visit.abort();
    if (this.visit !== visit) return;
    this.visit = this.wire = undefined;
    for (const channel of this.options.channels) this.options.witness.left(this.name, channel);
  }

  private listener(before: string | undefined): WireListener {
    const visit = this.visit!;
    const { channels, witness } = this.options;
    return {
      onStart: (channel, start, cursor) => this.start(channel, start, before, cursor),
      onEvent: (envelope) => {
        this.received += 1;
        if (channels.includes(envelope.c)) witness.received(this.name, envelope.c, envelope);
      },
      onCursor: (cursor) => this.keep(cursor),
      onGap: (channel, cursor) => {
        this.note('gap');
        witness.gap(this.name, channel, positionIn(cursor, channel));
      },
      onControl: (name, data) => {
        if (name === 'degraded' || name === 'healed') this.isDegraded = name === 'degraded';
        this.note(name === 'close' ? `close:${(data as { code: string }).code}` : name);
      },
      onEnd: () => {
        this.leave(visit);
        this.onEnd();
      },
    };
  }

  private start(
    channel: string,
    { recovered }: SubscriptionStart,
    before: string | undefined,
    cursor: string,
  ): void {
    const [handedIn, at] = [positionIn(before, channel), positionIn(cursor, channel)];
    this.keep(cursor);
    if (at === undefined) this.complaints.push(`${this.name} was not told where ${channel} begins`);
    if (recovered === undefined) {
      if (handedIn !== undefined)
        this.complaints.push(`${this.name} came back to ${channel}, and was told nothing of it`);
      return this.options.witness.subscribedLive(this.name, channel, at);
    }
    if (recovered && !isSame(handedIn, at))
      this.complaints.push(`${this.name} recovered ${channel} from elsewhere`);
    this.note(recovered ? 'recovered' : 'unrecovered');
    this.options.witness.recovered(this.name, channel, recovered, at);
  }

  private keep(cursor: string): void {
    if (!this.cursor.keep(cursor)) this.complaints.push(`${this.name} cannot read its cursor ${cursor}`);
  }

  private note(what: string): void {
    this.told.set(what, (this.told.get(what) ?? 0) + 1);
  }
}

function isSame(a: Position | undefined, b: Position | undefined): boolean {
  return a?.epoch === b?.epoch && a?.offset === b?.offset && a?.tag === b?.tag;
}
