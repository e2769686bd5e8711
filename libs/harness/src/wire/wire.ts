import type { Envelope, SubscriptionStart } from '@nestwire/protocol';

export type Transport = 'sse' | 'socket.io';

/** What a client asks for when it comes. */
export interface WireRequest {
  readonly url: string;
  readonly channels: readonly string[];
  /** Who it says it is. */
  readonly token?: string | undefined;
  /** What it was told last, on whichever transport; undefined on its first visit. */
  readonly cursor?: string | undefined;
  /** It is gone when this aborts: at once and without a word. */
  readonly signal: AbortSignal;
  /** Where nothing at all comes for so long the connection is taken for dead. */
  readonly silenceMs: number;
}

/** What a connection tells its client; nothing once the signal has aborted. */
export interface WireListener {
  /** How a channel begins; the cursor says where. */
  onStart(channel: string, start: SubscriptionStart, cursor: string): void;
  onEvent(envelope: Envelope): void;
  /** How far it has come: the position of one channel or of several. */
  onCursor(cursor: string): void;
  /** A hole, after which it goes on where the cursor says. */
  onGap(channel: string, cursor: string): void;
  /** Any other control event, by its name without a prefix. */
  onControl(name: string, data: unknown): void;
  /** The other side has ended it, or the network has. */
  onEnd(): void;
}

/** A connection that has begun. */
export interface Wire {
  /** Stops reading, and goes on. */
  pause(): void;
  resume(): void;
}

/** Opens a connection; resolves when every channel has begun, and rejects where that cannot be. */
export type OpenWire = (request: WireRequest, listener: WireListener) => Promise<Wire>;
