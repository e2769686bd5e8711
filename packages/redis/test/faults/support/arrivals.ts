import type { Witness } from '@nestwire/harness';
import type { Envelope, Position } from '@nestwire/protocol';
import type { SequenceChecker } from '@nestwire/testing';

/** Tells the checker what clients are told, and knows when nothing new can arrive: what does was delivered without being stored. */
export class Arrivals implements Witness {
  readonly problems: string[] = [];
  /** How many events each publisher had drawn when the time began. */
  private drawn: ReadonlyMap<string, number> | undefined;

  constructor(private readonly checker: SequenceChecker) {}

  forbid(publishers: readonly { readonly name: string; readonly drawn: number }[]): void {
    this.drawn = new Map(publishers.map(({ name, drawn }) => [name, drawn]));
  }

  allow(): void {
    this.drawn = undefined;
  }

  received(client: string, channel: string, envelope: Envelope): void {
    const { id } = envelope.d as { id: string };
    const [publisher = '', number] = id.split('-');
    if (Number(number) > (this.drawn?.get(publisher) ?? Infinity))
      this.problems.push(`${client} received ${id}, which cannot have been stored`);
    this.checker.received(client, channel, envelope);
  }

  subscribedLive(client: string, channel: string, start?: Position): void {
    this.checker.subscribedLive(client, channel, start);
  }

  recovered(client: string, channel: string, recovered: boolean, start?: Position): void {
    this.checker.recovered(client, channel, recovered, start);
  }

  gap(client: string, channel: string, start?: Position): void {
    this.checker.gap(client, channel, start);
  }

  left(client: string, channel: string): void {
    this.checker.left(client, channel);
  }
}
