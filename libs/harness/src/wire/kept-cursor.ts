import { channelHash, decodeCursor, joinPositions, type Position } from '@nestwire/protocol';

/** What a client keeps of what it is told, to hand it back on whatever transport it comes back on. */
export class KeptCursor {
  /** What it hands back; undefined before its first visit. */
  text: string | undefined;
  /** Those of its present visit, by the channels' hashes. */
  private readonly positions = new Map<string, string>();
  private readonly hashes: readonly string[];

  constructor(channels: readonly string[]) {
    this.hashes = channels.map((channel) => channelHash(channel));
  }

  /** A visit begins. */
  begin(): void {
    this.positions.clear();
  }

  /**
   * Keeps the position of one channel or of several; false where they cannot be read. Until the visit has begun with all of its
   * channels, the others' places are those of before, and so is the text.
   */
  keep(cursor: string): boolean {
    const known = decodeCursor(cursor);
    if (known === undefined) return false;
    const texts = cursor === '' ? [] : cursor.split('.');
    [...known.keys()].forEach((hash, index) => this.positions.set(hash, texts[index]!));
    if (this.hashes.every((hash) => this.positions.has(hash)))
      this.text = joinPositions(this.positions.values());
    return true;
  }
}

/** Where a cursor says that a channel is. */
export function positionIn(cursor: string | undefined, channel: string): Position | undefined {
  return decodeCursor(cursor ?? '')?.get(channelHash(channel));
}
