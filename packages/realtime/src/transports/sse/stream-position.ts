import { joinPositions } from '@nestwire/protocol';
import type { Chunk, ChunkChannel } from '../../channels/chunk.js';

/** One channel of a stream, as its cursor has it. */
export interface Place {
  /** Left out where nothing comes: the channel is not open, and the position only kept. */
  readonly topic?: ChunkChannel;
  readonly positionText: string;
}

const NONE: readonly never[] = [];

/** Where a stream is in all of its channels: its cursor. Most have one channel: what only several need, they have not. */
export class StreamPosition {
  private readonly channels: readonly (ChunkChannel | undefined)[];
  private texts: string[] | undefined;

  constructor(private readonly places: readonly Place[]) {
    this.channels = places.length > 1 ? places.map(({ topic }) => topic) : NONE;
  }

  /** The cursor, each channel looked at. */
  cursor(): string {
    const texts = this.places.map(({ positionText }) => positionText);
    if (texts.length > 1) this.texts = texts;
    return joinPositions(texts);
  }

  /**
   * The cursor for a write of these chunks: only their channels are looked at, for the client has got nothing of the others since the
   * last write, and all that a connection follows is much to look at for each of many.
   */
  cursorAfter(chunks: readonly Chunk[]): string {
    const { places, texts } = this;
    if (places.length === 1) return places[0]!.positionText;
    if (texts === undefined) return this.cursor();
    for (const { channel } of chunks) {
      const index = this.channels.indexOf(channel);
      if (index >= 0) texts[index] = places[index]!.positionText;
    }
    return joinPositions(texts);
  }
}
