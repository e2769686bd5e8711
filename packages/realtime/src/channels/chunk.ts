import { encodePosition, type Position } from '@nestwire/protocol';
import type { LogEntry } from '../backend/event-log.js';

/** What a chunk must know of its channel. */
export interface ChunkChannel {
  readonly name: string;
  /** {@link channelHash} of the name. */
  readonly hash: string;
  /** True where entries carry a document's version. */
  readonly versioned: boolean;
}

/**
 * Entries of one channel on their way to listeners, and the positions before and after them.
 * Made once for all who receive the same; encoders keep their text of it here.
 */
export class Chunk {
  /** Text by encoder: the same chunk may be part of several batches, and is encoded once. */
  readonly encoded = new Map<object, string>();
  private text: string | undefined;

  constructor(
    readonly channel: ChunkChannel,
    /** In order; may be empty where only the position moved. */
    readonly entries: readonly LogEntry[],
    readonly from: Position,
    readonly to: Position,
    readonly replayed = false,
  ) {}

  /** The position after it, as text. */
  get position(): string {
    return (this.text ??= encodePosition(this.channel.hash, this.to));
  }
}
