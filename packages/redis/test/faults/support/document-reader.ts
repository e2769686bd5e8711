import type { Witness } from '@nestwire/harness';
import type { Envelope } from '@nestwire/protocol';

interface Patch {
  readonly set: Record<string, unknown>;
  readonly del: readonly string[];
}

/** Puts a document together from what a client receives, as a client of the wire would. */
export class DocumentReader implements Witness {
  fields: Record<string, unknown> = {};
  readonly problems: string[] = [];
  /** The last offset; undefined where only a snapshot may come next. */
  private offset: number | undefined;

  subscribedLive(): void {
    this.offset = undefined;
  }

  recovered(
    _client: string,
    _channel: string,
    recovered: boolean,
    start?: { readonly offset: number },
  ): void {
    if (!recovered) this.offset = undefined;
    else this.offset = Math.min(this.offset ?? start!.offset, start!.offset);
  }

  gap(): void {
    this.offset = undefined;
  }

  left(): void {
    // What it has stays right until it comes back and is told otherwise.
  }

  received(client: string, _channel: string, { o, d }: Envelope): void {
    const isPatch = typeof d === 'object' && d !== null && 'set' in d && 'del' in d;
    if (isPatch && this.offset === undefined)
      this.problems.push(`${client} received a patch before a snapshot`);
    if (isPatch && this.offset !== undefined && o <= this.offset)
      this.problems.push(`${client} went back to ${o}`);
    this.offset = o;
    if (!isPatch) {
      this.fields = { ...(d as Record<string, unknown>) };
      return;
    }
    const { set, del } = d as unknown as Patch;
    Object.assign(this.fields, set);
    for (const name of del) delete this.fields[name];
  }
}
